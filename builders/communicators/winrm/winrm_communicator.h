// WinRmCommunicator: runs commands on a Windows machine and moves files, over WinRM. Every command
// has a shell of its own: so it sees the environment as the command before it left it (PATH after
// an installation). Files travel as base64 through PowerShell, folders as one zip file.
// Thread: the build's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "builders/communicators/ssh/file_transfer.h"
#include "builders/communicators/winrm/shell.h"
#include "builders/core/communicator.h"

namespace farm::builders::winrm {

class WinRmCommunicator final : public Communicator {
 public:
  /// `temp_directory`: for archives of folders on their way.
  WinRmCommunicator(std::unique_ptr<WsmanClient> client, std::string temp_directory)
      : client_(std::move(client)), temp_directory_(std::move(temp_directory)) {}

  Result<int> run(const RemoteCommand& command, const CancelToken& cancel) override;
  Result<void> upload(const std::string& local, const std::string& remote, uint32_t mode,
                      const ProgressSink& progress, const CancelToken& cancel) override;
  Result<void> upload_bytes(std::string_view bytes, const std::string& remote, uint32_t mode,
                            const CancelToken& cancel) override;
  Result<void> upload_directory(const std::string& local, const std::string& remote,
                                const std::vector<std::string>& exclude,
                                const CancelToken& cancel) override;
  Result<void> download(const std::string& remote, const std::string& local,
                        const ProgressSink& progress, const CancelToken& cancel) override;
  Result<void> download_directory(const std::string& remote, const std::string& local,
                                  const std::vector<std::string>& exclude,
                                  const CancelToken& cancel) override;

 private:
  /// Runs one of our scripts; an exit code other than 0 is an error with what it said.
  Result<void> run_script(const std::string& script, const InputSource& input,
                          const OutputSink& output, const CancelToken& cancel);
  Result<void> send_file(const ssh::UploadSource& source, const std::string& remote,
                         const ProgressSink& progress, const CancelToken& cancel);

  std::unique_ptr<WsmanClient> client_;
  std::string temp_directory_;
  SystemRandom random_;
};

}  // namespace farm::builders::winrm
