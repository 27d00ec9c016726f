// ClientConfig: which coordinator farmctl talks to and how it proves who it is. Written by
// `farmctl login`, overridden by --coordinator and FARM_COORDINATOR.
#pragma once

#include <string>

#include "common/base/environment.h"
#include "common/base/result.h"
#include "common/net/zmq/keys.h"

namespace farm::farmctl {

struct ClientConfig {
  std::string control;     // "tcp://farm.example:7440"
  std::string bulk;        // "tcp://farm.example:7441"
  std::string server_key;  // Z85
  std::string name;        // as enrolled
  std::string origin;      // where `control` came from, for messages
};

/// $XDG_CONFIG_HOME/farm, or ~/.config/farm.
std::string config_directory(const Environment& environment);
/// `flag` is --coordinator (may be empty). NotFound: nothing was configured; the message says what
/// to do. An endpoint without scheme and port gets tcp:// and 7440.
Result<ClientConfig> load_client_config(const Environment& environment, const std::string& flag);
Result<void> save_client_config(const Environment& environment, const ClientConfig& config);
/// The key pair of this user, made when there is none.
Result<net::CurveKeys> client_keys(const Environment& environment);

/// Where client_keys() keeps them.
std::string client_key_path(const Environment& environment);

/// "farm.example" -> "tcp://farm.example:7440".
std::string complete_endpoint(const std::string& endpoint, int default_port);
/// The endpoint one port further: bulk beside control.
std::string next_port(const std::string& endpoint);

}  // namespace farm::farmctl
