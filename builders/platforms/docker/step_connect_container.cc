#include "builders/platforms/docker/step_connect_container.h"

#include <fmt/format.h>

#include "builders/communicators/docker/docker_communicator.h"
#include "builders/core/config.h"
#include "builders/steps/connect.h"

namespace farm::builders::platform_docker {

Result<void> ConnectContainer::run(BuildContext& context) {
  const CommunicatorOptions& options = config_->communicator;
  const docker::ContainerFacts facts =
      TRY(container_->cli.inspect_container(container_->id, context.cancel));
  context.guest_host = options.host().empty() ? facts.address : options.host();
  const bool remote =
      options.type == CommunicatorType::Ssh || options.type == CommunicatorType::WinRm;
  if (remote || options.type == CommunicatorType::None) {
    context.guest_port = options.port();
    remote_ = std::make_unique<steps::Connect>(options, steps::MachineWatch{});
    return remote_->run(context);
  }
  steps::set_connection_values(context, options);
  context.ui.say(fmt::format("Using {} communicator to connect: {}",
                             communicator_type_name(options.type), context.guest_host));
  docker::ContainerAccess access;
  access.container_id = container_->id;
  access.container_user = facts.user;
  access.exec_user = config_->exec_user;
  access.pty = config_->pty;
  access.fix_upload_owner = config_->fix_upload_owner;
  access.host_folder = container_->host_folder;
  access.container_folder = config_->container_dir;
  if (options.type == CommunicatorType::DockerWindowsContainer) {
    context.communicator = docker::make_windows_communicator(container_->cli, access);
  } else {
    context.communicator = std::make_unique<docker::DockerCommunicator>(container_->cli, access);
  }
  const Duration pause = options.pause_before_connecting;
  if (pause > Duration::zero()) {
    context.ui.say(fmt::format("Pausing {} before connecting...", format_go_duration(pause)));
    if (!context.cancel.sleep(pause)) return context.cancel.check();
  }
  return {};
}

Result<void> ConnectContainer::cleanup(BuildContext& context) {
  if (remote_) return remote_->cleanup(context);
  context.communicator.reset();
  return {};
}

}  // namespace farm::builders::platform_docker
