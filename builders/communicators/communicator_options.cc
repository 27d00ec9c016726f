#include "builders/communicators/communicator_options.h"

#include <fmt/format.h>

#include "builders/core/config.h"

namespace farm::builders {
namespace {

constexpr CommunicatorType kTypes[] = {CommunicatorType::Ssh, CommunicatorType::WinRm,
                                       CommunicatorType::None, CommunicatorType::Docker,
                                       CommunicatorType::DockerWindowsContainer};

bool is_docker(CommunicatorType type) {
  return type == CommunicatorType::Docker || type == CommunicatorType::DockerWindowsContainer;
}

CommunicatorType decode_type(const ConfigReader& reader, const CommunicatorRules& rules) {
  const std::string name = reader.string("communicator");
  if (name.empty()) return rules.other;
  for (const CommunicatorType type : kTypes) {
    if (name != communicator_type_name(type)) continue;
    if (is_docker(type) && !rules.docker) break;
    return type;
  }
  reader.findings().errors.push_back(
      fmt::format("communicator: \"{}\" is none that this builder has", name));
  return rules.other;
}

WinRmOptions decode_winrm(const ConfigReader& reader) {
  WinRmOptions options;
  Findings& findings = reader.findings();
  options.username = reader.string("winrm_username");
  if (options.username.empty()) findings.errors.push_back("winrm_username must be specified.");
  options.password = Secret(reader.string("winrm_password"));
  options.host = reader.string("winrm_host");
  options.use_ssl = reader.boolean("winrm_use_ssl");
  options.insecure = reader.boolean("winrm_insecure");
  options.no_proxy = reader.boolean("winrm_no_proxy");
  options.use_ntlm = reader.tribool("winrm_use_ntlm");
  options.timeout = reader.duration("winrm_timeout", options.timeout);
  const int64_t port = reader.integer("winrm_port", options.use_ssl ? 5986 : 5985);
  if (port < 1 || port > 65535) {
    findings.errors.push_back(fmt::format("winrm_port must be between 1 and 65535, not {}", port));
  } else {
    options.port = static_cast<uint16_t>(port);
  }
  if (options.timeout <= Duration{0}) {
    findings.errors.push_back("winrm_timeout must be positive");
  }
  return options;
}

/// ssh_username as the builder would default it.
value::Value with_default_username(const value::Value& config, const std::string& username) {
  value::Value::Map options;
  if (config.is_known() && !config.is_null()) options = config.entries();
  const auto given = options.find("ssh_username");
  const bool missing = given == options.end() || given->second.is_null();
  if (missing) options["ssh_username"] = value::Value::string(username);
  return value::Value::object(std::move(options));
}

}  // namespace

const char* communicator_type_name(CommunicatorType type) {
  switch (type) {
    case CommunicatorType::Ssh:
      return "ssh";
    case CommunicatorType::WinRm:
      return "winrm";
    case CommunicatorType::None:
      return "none";
    case CommunicatorType::Docker:
      return "docker";
    case CommunicatorType::DockerWindowsContainer:
      return "dockerWindowsContainer";
  }
  return "";
}

CommunicatorOptions CommunicatorOptions::decode(const value::Value& config,
                                                const PrepareContext& context,
                                                const CommunicatorRules& rules,
                                                Findings& findings) {
  CommunicatorOptions options;
  const ConfigReader reader(config, findings);
  options.type = decode_type(reader, rules);
  options.pause_before_connecting = reader.duration("pause_before_connecting");
  if (options.pause_before_connecting < Duration{0}) {
    findings.errors.push_back("pause_before_connecting must not be negative");
  }
  if (options.type == CommunicatorType::WinRm) options.winrm = decode_winrm(reader);
  if (options.type == CommunicatorType::Ssh) {
    options.ssh =
        rules.default_username.empty()
            ? ssh::SshOptions::decode(config, context, findings)
            : ssh::SshOptions::decode(with_default_username(config, rules.default_username),
                                      context, findings);
  }
  return options;
}

const std::string& CommunicatorOptions::host() const {
  return type == CommunicatorType::WinRm ? winrm.host : ssh.host;
}

uint16_t CommunicatorOptions::port() const {
  return type == CommunicatorType::WinRm ? winrm.port : ssh.port;
}

const std::string& CommunicatorOptions::username() const {
  return type == CommunicatorType::WinRm ? winrm.username : ssh.username;
}

}  // namespace farm::builders
