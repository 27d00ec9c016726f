// The docker communicator: commands by `docker exec`, files by `docker cp`. The program is the way
// in, so it works wherever the user's own docker or podman does.
#pragma once

#include <memory>
#include <string>

#include "builders/communicators/docker/docker_cli.h"
#include "builders/core/communicator.h"

namespace farm::builders::docker {

struct ContainerAccess {
  std::string container_id;
  std::string container_user;  // owns uploads; empty: root
  std::string exec_user;       // runs commands; empty: the container's user
  bool pty = false;
  bool fix_upload_owner = true;
  // For the Windows variant: the folder that host and container share.
  std::string host_folder;
  std::string container_folder;
};

class DockerCommunicator : public Communicator {
 public:
  DockerCommunicator(DockerCli cli, ContainerAccess access)
      : cli_(std::move(cli)), access_(std::move(access)) {}

  Result<int> run(const RemoteCommand& command, const CancelToken& cancel) override;
  Result<void> upload(const std::string& local, const std::string& remote, uint32_t mode,
                      const ProgressSink& progress, const CancelToken& cancel) override;
  Result<void> upload_bytes(std::string_view bytes, const std::string& remote, uint32_t mode,
                            const CancelToken& cancel) override;
  /// As `docker cp` does: a `remote` that does not exist becomes the folder itself.
  Result<void> upload_directory(const std::string& local, const std::string& remote,
                                const std::vector<std::string>& exclude,
                                const CancelToken& cancel) override;
  Result<void> download(const std::string& remote, const std::string& local,
                        const ProgressSink& progress, const CancelToken& cancel) override;
  Result<void> download_directory(const std::string& remote, const std::string& local,
                                  const std::vector<std::string>& exclude,
                                  const CancelToken& cancel) override;

 protected:
  /// The shell in the container and how it takes a command.
  virtual std::vector<std::string> shell() const { return {"/bin/sh", "-c"}; }
  const DockerCli& cli() const { return cli_; }
  const ContainerAccess& access() const { return access_; }

 private:
  Result<void> send(class SingleFileTar tar, const std::string& remote, const CancelToken& cancel);
  Result<void> fix_owner(const std::string& remote, const CancelToken& cancel) const;

  DockerCli cli_;
  ContainerAccess access_;
};

/// Files go through the shared folder and PowerShell.
std::unique_ptr<Communicator> make_windows_communicator(DockerCli cli, ContainerAccess access);

}  // namespace farm::builders::docker
