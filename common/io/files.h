// Whole-file operations of the local file system: read, replace atomically, copy sparsely, remove
// trees, temporary directories, lock files. Errors name the path; a missing file is NotFound.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::io {

bool exists(const std::string& path);  // a dangling symbolic link does not
bool is_directory(const std::string& path);
Result<uint64_t> file_size(const std::string& path);

/// The whole content. InvalidInput when the file is longer than `max_bytes`.
Result<std::string> read_file(const std::string& path, uint64_t max_bytes = 64U << 20);
/// Writes beside `path`, syncs, renames over it and syncs the directory: after a crash the path
/// holds either the old content or the new one.
Result<void> write_file_atomic(const std::string& path, std::string_view bytes,
                               uint32_t mode = 0644);
/// Creates or truncates; no sync. For temporary files that nobody else reads meanwhile.
Result<void> write_file(const std::string& path, std::string_view bytes, uint32_t mode = 0644);
/// rename(2), across file systems by copy and unlink.
Result<void> move_file(const std::string& from, const std::string& to, const CancelToken& cancel);

using CopyProgress = std::function<void(uint64_t done, uint64_t total)>;
/// Copies content and permission bits; holes stay holes. Shares blocks where the file system can.
Result<void> copy_file(const std::string& from, const std::string& to, const CancelToken& cancel,
                       const CopyProgress& progress = {});

/// mkdir -p. `mode` is for the directories that are created.
Result<void> make_directories(const std::string& path, uint32_t mode = 0755);
/// rm -rf; never follows symbolic links. A path that does not exist is success.
Result<void> remove_tree(const std::string& path);
/// Unlinks one file; a missing one is success.
Result<void> remove_file(const std::string& path);
Result<void> sync_directory(const std::string& path);

/// Every regular file under `directory`, absolute when it is, in byte order of the paths.
Result<std::vector<std::string>> list_files(const std::string& directory);

/// "/a/b/c.iso" -> "/a/b" ("." when there is no slash) and "c.iso".
std::string parent_path(const std::string& path);
std::string base_name(const std::string& path);
/// The extension without its dot, "" when there is none: "x.tar.gz" -> "gz".
std::string extension(const std::string& path);
/// `path` itself when absolute, otherwise below `directory`.
std::string join_path(const std::string& directory, const std::string& path);

/// A directory of its own that is removed with its content at the end of the scope.
class TempDirectory {
 public:
  /// Below `parent`, named `prefix` and six random characters, mode 0700.
  static Result<TempDirectory> create(const std::string& parent, const std::string& prefix);
  TempDirectory(TempDirectory&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TempDirectory& operator=(TempDirectory&& other) noexcept;
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory();

  const std::string& path() const { return path_; }
  /// Leaves the directory in place.
  std::string release() { return std::exchange(path_, {}); }

 private:
  explicit TempDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// An exclusive flock(2) on a lock file, released at the end of the scope or of the process.
class FileLock {
 public:
  /// Creates the file. Timeout when another holder keeps it past `deadline` (SystemClock steady).
  static Result<FileLock> acquire(const std::string& path, Instant deadline,
                                  const CancelToken& cancel);

 private:
  explicit FileLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

}  // namespace farm::io
