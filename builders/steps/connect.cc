#include "builders/steps/connect.h"

#include <fmt/format.h>

#include "builders/communicators/ssh/connector.h"
#include "builders/communicators/winrm/connector.h"
#include "builders/steps/watched_cancel.h"

namespace farm::builders::steps {
namespace {

constexpr Duration kAddressPause = std::chrono::seconds(1);

}  // namespace

void set_connection_values(BuildContext& context, const CommunicatorOptions& options) {
  const auto put = [&](const char* name, const std::string& text) {
    context.generated[name] = value::Value::string(text);
  };
  const ssh::SshOptions& ssh = options.ssh;
  put("Host", context.guest_host);
  put("Port", fmt::format("{}", context.guest_port));
  put("User", options.type == CommunicatorType::None ? "" : options.username());
  put("ConnType", communicator_type_name(options.type));
  put("PackerRunUUID", context.run_uuid);
  put("ID", context.instance_id.empty() ? "ERR_ID_NOT_IMPLEMENTED_BY_BUILDER"
                                        : context.instance_id);
  const bool winrm = options.type == CommunicatorType::WinRm;
  const std::string password = winrm ? options.winrm.password.reveal()
                               : ssh.password ? ssh.password->reveal() : "";
  context.generated["Password"] = value::Value::string(password).with_sensitive();
  context.generated["WinRMPassword"] =
      value::Value::string(winrm ? password : "").with_sensitive();
  put("SSHPublicKey", context.ssh_public_key);
  context.generated["SSHPrivateKey"] =
      value::Value::string(context.ssh_private_key).with_sensitive();
  put("SSHPrivateKeyFile", ssh.private_key_file);
  put("SSHAgentAuth", ssh.agent_auth ? "true" : "false");
  if (context.http_port == 0) {
    put("PackerHTTPAddr", "ERR_HTTP_ADDR_NOT_IMPLEMENTED_BY_BUILDER");
    put("PackerHTTPIP", "ERR_HTTP_IP_NOT_IMPLEMENTED_BY_BUILDER");
    put("PackerHTTPPort", "ERR_HTTP_PORT_NOT_IMPLEMENTED_BY_BUILDER");
  }
}

Result<void> Connect::run(BuildContext& context) {
  set_connection_values(context, *options_);
  switch (options_->type) {
    case CommunicatorType::None: return {};
    case CommunicatorType::Ssh:
    case CommunicatorType::WinRm: break;
    default:
      return invalid_input(fmt::format("communicator \"{}\" cannot be used with this builder",
                                       communicator_type_name(options_->type)));
  }
  WatchedCancel watched(context.cancel, watch_.exit_fd ? watch_.exit_fd() : -1, std::nullopt);
  auto connected = open(context, watched.token());
  if (!connected) {
    if (watched.reason() == WatchedCancel::Reason::ProcessEnded) return watch_.ended();
    return connected.error();
  }
  context.communicator = std::move(*connected);
  if (watch_.address) set_connection_values(context, *options_);
  return {};
}

// A service of another kind than ssh is asked for at one address only.
Result<void> Connect::find_guest(BuildContext& context, const CancelToken& cancel) const {
  if (!watch_.address) return {};
  const Instant deadline = context.clock.now() + options_->winrm.timeout;
  while (true) {
    const Result<std::string> host = watch_.address(cancel);
    if (host) {
      context.guest_host = *host;
      return {};
    }
    if (!host.error().retryable) return host.error();
    if (context.clock.now() >= deadline) {
      return timed_out("Timeout waiting for WinRM: " + host.error().message);
    }
    if (!cancel.sleep(kAddressPause)) return cancelled("cancelled");
  }
}

Result<std::unique_ptr<Communicator>> Connect::open(BuildContext& context,
                                                    const CancelToken& cancel) const {
  if (options_->type == CommunicatorType::Ssh && watch_.address) {
    const ssh::AddressSource source = [&]() -> Result<ssh::SshAddress> {
      context.guest_host = TRY(watch_.address(cancel));
      return ssh::SshAddress{context.guest_host, context.guest_port};
    };
    return ssh::connect_ssh(options_->ssh, source, cancel, context.ui);
  }
  if (options_->type == CommunicatorType::Ssh) {
    return ssh::connect_ssh(options_->ssh, context.guest_host, context.guest_port, cancel,
                            context.ui);
  }
  TRY(find_guest(context, cancel));
  const winrm::WinRmTarget target{.host = context.guest_host,
                                  .port = context.guest_port,
                                  .temp_directory = context.temp_directory,
                                  .pause_before_connecting = options_->pause_before_connecting};
  return winrm::connect_winrm(options_->winrm, target, cancel, context.ui);
}

Result<void> Connect::cleanup(BuildContext& context) {
  context.communicator.reset();
  return {};
}

}  // namespace farm::builders::steps
