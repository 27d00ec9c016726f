#include "builders/platforms/null/config.h"

#include "builders/core/config_check.h"

namespace farm::builders::platform_null {
namespace {

void check_ssh(const ssh::SshOptions& ssh, Findings& findings) {
  if (ssh.host.empty()) findings.errors.emplace_back("ssh_host must be specified");
  const int ways = (ssh.agent_auth ? 1 : 0) + (ssh.password ? 1 : 0) +
                   (ssh.private_key_file.empty() ? 0 : 1);
  if (ways == 0) {
    findings.errors.emplace_back(
        "one authentication method must be specified (agent auth, password, private key)");
  } else if (ways > 1) {
    findings.errors.emplace_back(
        "only one of ssh_agent_auth, ssh_password, and ssh_private_key_file must be specified");
  }
}

void check_winrm(const WinRmOptions& winrm, Findings& findings) {
  if (winrm.host.empty()) findings.errors.emplace_back("winrm_host must be specified");
  if (winrm.password.empty()) findings.errors.emplace_back("winrm_password must be specified");
}

}  // namespace

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  Config decoded;
  decoded.communicator = CommunicatorOptions::decode(config, context, {}, findings);
  if (decoded.communicator.type == CommunicatorType::Ssh) {
    check_ssh(decoded.communicator.ssh, findings);
  } else if (decoded.communicator.type == CommunicatorType::WinRm) {
    check_winrm(decoded.communicator.winrm, findings);
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Builder, "null",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::platform_null
