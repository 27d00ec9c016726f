// FileTransfer: moving the bytes of one file over a session, by the scp protocol or by sftp; and
// the local ends of such a move.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "builders/communicators/ssh/session.h"
#include "builders/core/communicator.h"
#include "common/io/fd.h"

namespace farm::builders::ssh {

/// Bytes to send: a local file, or some in memory.
class UploadSource {
 public:
  static Result<UploadSource> open(const std::string& path);
  /// `bytes` must outlive the source.
  static UploadSource of(std::string_view bytes);
  uint64_t size() const { return size_; }
  /// Permission bits of the file; 0 for bytes in memory.
  uint32_t mode() const { return mode_; }
  Result<std::string> sha256(const CancelToken& cancel) const;
  /// Exactly `count` bytes from `offset`; fails when the file became shorter meanwhile.
  Result<void> read(uint64_t offset, char* buffer, size_t count) const;

 private:
  io::Fd file_;
  std::string path_;
  std::string_view memory_;
  uint64_t size_ = 0;
  uint32_t mode_ = 0;
};

/// A local file to receive into; its directory must exist.
class DownloadSink {
 public:
  /// Keeps the first `keep` bytes of an existing file: an earlier try has written them.
  static Result<DownloadSink> create(const std::string& path, uint32_t mode, uint64_t keep = 0);
  Result<void> write(uint64_t offset, std::string_view bytes);
  /// Cuts the file to `size`, closes it, and reports late write errors.
  Result<void> close(uint64_t size);

 private:
  io::Fd file_;
  std::string path_;
};

/// How far an earlier try of the same move has come before its connection was lost.
struct ResumePoint {
  uint64_t done = 0;
  bool used = false;  // a try began behind the start: the result should be compared
};

class FileTransfer {
 public:
  virtual ~FileTransfer() = default;
  /// As upload() and download(), from `point` on if the protocol can; keeps `point` up to date.
  virtual Result<void> upload_from(ResumePoint& point, const UploadSource& source,
                                   const std::string& remote, uint32_t mode,
                                   const ProgressSink& progress, const Wait& wait) = 0;
  virtual Result<void> download_from(ResumePoint& point, const std::string& remote,
                                     const std::string& local, const ProgressSink& progress,
                                     const Wait& wait) = 0;
  Result<void> upload(const UploadSource& source, const std::string& remote, uint32_t mode,
                      const ProgressSink& progress, const Wait& wait) {
    ResumePoint start;
    return upload_from(start, source, remote, mode, progress, wait);
  }
  /// `local` gets the remote file's permission bits.
  Result<void> download(const std::string& remote, const std::string& local,
                        const ProgressSink& progress, const Wait& wait) {
    ResumePoint start;
    return download_from(start, remote, local, progress, wait);
  }
};

/// `path` as a word of the remote shell's command line. A leading ~ and $NAME keep their meaning,
/// as users know it from Packer; a Windows path stays as it is.
Result<std::string> remote_word(const std::string& path);

}  // namespace farm::builders::ssh
