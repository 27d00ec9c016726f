// AgentOptions: the command line and the configuration file of farm-agent. The file is a flat list
// of HCL attributes (`slots = 4`, `labels = ["site=home"]`); the command line wins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace farm::agent {

struct AgentOptions {
  std::string config = "/etc/farm/agent.hcl";
  std::string coordinator;  // host or tcp://host:port of the control endpoint
  std::string server_key;   // Z85; needed once, with the token
  std::string state = "/var/lib/farm/agent";
  std::string token;
  std::string name;
  std::vector<std::string> labels;
  uint32_t slots = 1;
  /// How often the load of the nodes is looked at, where the environment has a provider's credential;
  /// 0: never.
  uint32_t survey_seconds = 30;
  std::string plugins = "/usr/lib/farm/plugins";  // folder of external components
  std::vector<std::string> trusted_plugin_keys;   // base64; without one no plugin is used
  bool help = false;
};

/// `arguments` without the program's name. InvalidInput names the flag or the line.
Result<AgentOptions> parse_agent_options(const std::vector<std::string>& arguments);
std::string agent_usage();

/// "host" or "tcp://host:7440" -> the endpoint `step` ports above the control port.
Result<std::string> endpoint_beside(const std::string& coordinator, int step);

}  // namespace farm::agent
