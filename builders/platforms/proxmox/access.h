// Access: where the Proxmox API is and who we are to it. Decoded from a template and the environment;
// all that a reaper needs.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/environment.h"
#include "common/base/secret.h"

namespace farm::builders {
class ConfigReader;
}

namespace farm::builders::platform_proxmox {

struct Access {
  std::string url;       // up to and with /api2/json, no slash at the end
  std::string username;  // user@realm, or user@realm!tokenid with a token
  Secret password;
  Secret token;  // wins over the password
  bool verify_tls = true;
  std::string ca_file;  // SSL_CERT_FILE: certificates trusted instead of the system's
  Duration task_timeout = std::chrono::seconds(60);
};

/// PROXMOX_URL, PROXMOX_USERNAME, PROXMOX_PASSWORD, PROXMOX_TOKEN and
/// PROXMOX_INSECURE_SKIP_TLS_VERIFY (1, true) stand in for what the template leaves out.
Access read_access(const ConfigReader& reader, const Environment& environment);

}  // namespace farm::builders::platform_proxmox
