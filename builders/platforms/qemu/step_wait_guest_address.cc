#include "builders/platforms/qemu/step_wait_guest_address.h"

#include <fmt/format.h>
#include <sstream>
#include <strings.h>

#include "builders/platforms/qemu/step_start_machine.h"
#include "common/io/files.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr auto kPause = std::chrono::seconds(1);
constexpr auto kDefaultLimit = std::chrono::minutes(5);
constexpr unsigned kCompleteFlag = 0x2;  // ATF_COM

}  // namespace

std::optional<std::string> find_neighbour(std::string_view table, const std::string& mac,
                                          const std::string& device) {
  std::istringstream lines{std::string(table)};
  std::string line;
  std::getline(lines, line);  // headings
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string address;
    std::string type;
    std::string flags;
    std::string hardware;
    std::string mask;
    std::string on;
    fields >> address >> type >> flags >> hardware >> mask >> on;
    const bool complete = (std::strtoul(flags.c_str(), nullptr, 16) & kCompleteFlag) != 0;
    if (complete && on == device && ::strcasecmp(hardware.c_str(), mac.c_str()) == 0) {
      return address;
    }
  }
  return std::nullopt;
}

Result<void> WaitGuestAddress::run(BuildContext& context) {
  if (config_->net_bridge.empty()) return {};
  const CommunicatorOptions& communicator = config_->communicator;
  if (communicator.type == CommunicatorType::None) return {};
  context.guest_port = communicator.port();
  if (!communicator.host().empty()) {
    context.guest_host = communicator.host();
    return {};
  }
  const std::string mac = TRY(network_device_mac(*vm_->monitor, "user.0"));
  context.ui.say("Waiting for the guest address to become available in the " +
                 config_->net_bridge + " network bridge...");
  const Duration limit = communicator.ssh.timeout.count() > 0 ? communicator.ssh.timeout
                                                              : Duration(kDefaultLimit);
  const Instant deadline = io::steady_now() + limit;
  while (io::steady_now() < deadline) {
    const std::string table = TRY(io::read_file("/proc/net/arp"));
    if (const auto address = find_neighbour(table, mac, config_->net_bridge)) {
      context.guest_host = *address;
      return {};
    }
    if (vm_->machine->poll()) return machine_ended(*vm_);
    if (!context.cancel.sleep(kPause)) return cancelled("cancelled");
  }
  return timed_out(fmt::format("the guest ({}) got no address on {} in time", mac,
                               config_->net_bridge));
}

}  // namespace farm::builders::platform_qemu
