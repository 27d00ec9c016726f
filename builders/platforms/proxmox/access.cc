#include "builders/platforms/proxmox/access.h"

#include "builders/core/config.h"
#include "builders/steps/iso_options.h"

namespace farm::builders::platform_proxmox {
namespace {

std::string given(const ConfigReader& reader, const Environment& environment, const char* name,
                  const char* variable) {
  std::string text = reader.string(name);
  return text.empty() ? environment.get_or(variable, "") : text;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

void check(const Access& access, Findings& findings) {
  if (access.username.empty()) {
    findings.errors.push_back("username must be specified (or PROXMOX_USERNAME)");
  }
  if (access.password.empty() && access.token.empty()) {
    findings.errors.push_back(
        "password or token must be specified (or PROXMOX_PASSWORD or PROXMOX_TOKEN)");
  }
  const bool token_user = access.username.find('!') != std::string::npos;
  if (!access.token.empty() && !access.username.empty() && !token_user &&
      !steps::is_placeholder(access.username)) {
    findings.errors.push_back("with a token, username must name it: user@realm!tokenid, not \"" +
                              access.username + "\"");
  }
  if (access.url.empty()) {
    findings.errors.push_back("proxmox_url must be specified (or PROXMOX_URL)");
    return;
  }
  const std::string scheme = steps::url_scheme(access.url);
  if (scheme != "https" && scheme != "http" && !steps::is_placeholder(access.url)) {
    findings.errors.push_back(
        "proxmox_url must be a URL like https://HOST:8006/api2/json, not \"" + access.url + "\"");
  }
}

}  // namespace

Access read_access(const ConfigReader& reader, const Environment& environment) {
  Access access;
  access.url = without_slash(given(reader, environment, "proxmox_url", "PROXMOX_URL"));
  access.username = given(reader, environment, "username", "PROXMOX_USERNAME");
  access.password = Secret(given(reader, environment, "password", "PROXMOX_PASSWORD"));
  access.token = Secret(given(reader, environment, "token", "PROXMOX_TOKEN"));
  const std::string insecure = environment.get_or("PROXMOX_INSECURE_SKIP_TLS_VERIFY", "");
  access.verify_tls =
      !reader.boolean("insecure_skip_tls_verify", insecure == "1" || insecure == "true");
  access.ca_file = environment.get_or("SSL_CERT_FILE", "");
  const Duration timeout = reader.duration("task_timeout");
  if (timeout > Duration{0}) access.task_timeout = timeout;
  check(access, reader.findings());
  return access;
}

}  // namespace farm::builders::platform_proxmox
