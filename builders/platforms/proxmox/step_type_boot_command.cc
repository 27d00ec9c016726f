#include "builders/platforms/proxmox/step_type_boot_command.h"

#include <arpa/inet.h>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>

#include "builders/platforms/proxmox/send_keys.h"
#include "builders/steps/http_server.h"
#include "builders/steps/type_boot_command.h"

namespace farm::builders::platform_proxmox {
namespace {

struct InterfacesFree {
  void operator()(ifaddrs* list) const noexcept { ::freeifaddrs(list); }
};

// The first IPv4 address that is not loopback.
Result<std::string> first_address() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return system_error("list network interfaces", errno);
  const std::unique_ptr<ifaddrs, InterfacesFree> list(raw);
  for (const ifaddrs* one = raw; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    if ((one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0) continue;
    sockaddr_in v4{};
    std::memcpy(&v4, one->ifa_addr, sizeof v4);
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(static_cast<const char*>(text));
  }
  return not_found("this machine has no IPv4 address besides loopback");
}

}  // namespace

Result<void> DiscoverHttpAddress::run(BuildContext& context) {
  const steps::HttpOptions& http = config_->http;
  if (!http.bind_address.empty() && http.bind_address != "0.0.0.0") {
    context.http_ip = http.bind_address;
    return {};
  }
  const Result<std::string> address =
      http.interface.empty() ? first_address() : steps::interface_address(http.interface);
  if (address) {
    context.http_ip = *address;
  } else if (http.wanted()) {
    return address.error().within("no address for {{ .HTTPIP }} (set http_bind_address)");
  }
  return {};
}

Result<void> TypeBootCommand::run(BuildContext& context) {
  if (config_->boot.pieces.empty()) return {};
  TRY(steps::wait_for_boot(context, config_->boot, context.cancel));
  context.ui.say("Typing the boot command");
  SendKeyDriver driver(*client_, vm_->machine(*client_), config_->boot.key_interval);
  return steps::type_boot_command(context, config_->boot,
                                  {{"HTTPIP", context.http_ip},
                                   {"HTTPPort", std::to_string(context.http_port)}},
                                  driver, context.cancel);
}

}  // namespace farm::builders::platform_proxmox
