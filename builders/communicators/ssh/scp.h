// The scp protocol: "scp -t" and "scp -f" run on the machine, file headers and bytes go over the
// command's channel. Packer's default: needs no subsystem, only the scp program there.
#pragma once

#include "builders/communicators/ssh/file_transfer.h"

namespace farm::builders::ssh {

class ScpTransfer final : public FileTransfer {
 public:
  explicit ScpTransfer(Session& session) : session_(session) {}
  Result<void> upload_from(ResumePoint& point, const UploadSource& source,
                           const std::string& remote, uint32_t mode, const ProgressSink& progress,
                           const Wait& wait) override;
  Result<void> download_from(ResumePoint& point, const std::string& remote,
                             const std::string& local, const ProgressSink& progress,
                             const Wait& wait) override;

 private:
  Session& session_;
};

}  // namespace farm::builders::ssh
