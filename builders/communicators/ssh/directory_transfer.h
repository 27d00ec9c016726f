// DirectoryTransfer: whole trees, with rsync's meaning of a trailing slash. Where the machine has
// tar, the tree is one archive streamed through one command (a thousand small files cost two round
// trips instead of four thousand); elsewhere file by file over sftp. Symbolic links are followed.
#pragma once

#include <string>
#include <vector>

#include "builders/communicators/ssh/file_transfer.h"
#include "builders/communicators/ssh/ssh_options.h"

namespace farm::builders::ssh {

/// One entry of a local tree: path below the root ("" is the root itself) and where it is.
struct TreeEntry {
  std::string relative;
  std::string path;
  bool directory = false;
  uint32_t mode = 0;
  uint64_t size = 0;
};

/// The tree below `root`, parents before children, names in byte order, links resolved. `exclude`
/// has shell patterns for paths below the root or for single names. InvalidInput for a link that
/// leads to nothing or around in a circle.
Result<std::vector<TreeEntry>> walk_tree(const std::string& root,
                                         const std::vector<std::string>& exclude);
bool excluded(const std::string& relative, const std::vector<std::string>& exclude);

class DirectoryTransfer {
 public:
  /// `files` moves single files in the fallback.
  DirectoryTransfer(Session& session, FileTransfer& files) : session_(session), files_(files) {}
  Result<void> upload(const std::string& local, const std::string& remote,
                      const std::vector<std::string>& exclude, const Wait& wait);
  Result<void> download(const std::string& remote, const std::string& local,
                        const std::vector<std::string>& exclude, const Wait& wait);

 private:
  Result<bool> has_tar(const Wait& wait);
  Result<void> upload_tar(const std::vector<TreeEntry>& tree, const std::string& target,
                          const Wait& wait);
  Result<void> upload_files(const std::vector<TreeEntry>& tree, const std::string& target,
                            const Wait& wait);
  Result<void> download_tar(const std::string& remote, const std::string& target,
                            const std::vector<std::string>& exclude, const Wait& wait);
  Result<void> download_files(const std::string& remote, const std::string& target,
                              const std::vector<std::string>& exclude, const Wait& wait);

  Session& session_;
  FileTransfer& files_;
};

}  // namespace farm::builders::ssh
