// SFTP over libssh2: whole files with many requests under way at once, and the few directory
// operations that copying a tree needs.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "builders/communicators/ssh/file_transfer.h"

struct _LIBSSH2_SFTP;
struct _LIBSSH2_SFTP_HANDLE;

namespace farm::builders::ssh {

struct RemoteEntry {
  std::string name;
  uint32_t mode = 0;  // with the file type bits; 0 when the server did not say
  uint64_t size = 0;
};

/// The sftp subsystem of one session. Thread: the session's.
class Sftp {
 public:
  static Result<std::unique_ptr<Sftp>> open(Session& session, const Wait& wait);
  ~Sftp();
  Sftp(const Sftp&) = delete;
  Sftp& operator=(const Sftp&) = delete;

  Result<void> upload_from(ResumePoint& point, const UploadSource& source,
                           const std::string& remote, uint32_t mode, const ProgressSink& progress,
                           const Wait& wait);
  Result<void> download_from(ResumePoint& point, const std::string& remote,
                             const std::string& local, const ProgressSink& progress,
                             const Wait& wait);
  /// Follows symbolic links.
  Result<RemoteEntry> stat(const std::string& path, const Wait& wait);
  /// mkdir -p.
  Result<void> make_directories(const std::string& path, uint32_t mode, const Wait& wait);
  /// Without "." and "..".
  Result<std::vector<RemoteEntry>> list(const std::string& path, const Wait& wait);

 private:
  class Handle;
  explicit Sftp(Session& session) : session_(session) {}
  Error error(const std::string& doing) const;
  Result<uint64_t> resume_offset(const ResumePoint& point, const UploadSource& source,
                                 const std::string& remote, const Wait& wait);
  Result<std::unique_ptr<Handle>> open_handle(const std::string& path, unsigned long flags,
                                              long mode, int type, const Wait& wait);
  Session& session_;
  _LIBSSH2_SFTP* sftp_ = nullptr;
};

class SftpTransfer final : public FileTransfer {
 public:
  explicit SftpTransfer(Session& session) : session_(session) {}
  Result<void> upload_from(ResumePoint& point, const UploadSource& source,
                           const std::string& remote, uint32_t mode, const ProgressSink& progress,
                           const Wait& wait) override;
  Result<void> download_from(ResumePoint& point, const std::string& remote,
                             const std::string& local, const ProgressSink& progress,
                             const Wait& wait) override;

 private:
  Result<Sftp*> subsystem(const Wait& wait);
  Session& session_;
  std::unique_ptr<Sftp> sftp_;
};

}  // namespace farm::builders::ssh
