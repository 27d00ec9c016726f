#include "builders/platforms/vsphere/step_run.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>

#include "builders/core/config.h"
#include "builders/steps/http_server.h"
#include "builders/steps/type_boot_command.h"
#include "builders/platforms/vsphere/usb_keys.h"

namespace farm::builders::vsphere {
namespace {

constexpr int kHidKeyboardPage = 7;

struct InterfaceListFree {
  void operator()(ifaddrs* list) const noexcept { ::freeifaddrs(list); }
};

struct LocalAddress {
  std::string text;
  bool loopback = false;
};

Result<std::vector<LocalAddress>> local_addresses() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return system_error("list network interfaces", errno);
  const std::unique_ptr<ifaddrs, InterfaceListFree> list(raw);
  std::vector<LocalAddress> addresses;
  for (const ifaddrs* one = raw; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_in v4{};
    std::memcpy(&v4, one->ifa_addr, sizeof v4);
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    addresses.push_back({static_cast<const char*>(text), (one->ifa_flags & IFF_LOOPBACK) != 0});
  }
  return addresses;
}

bool is_v4(const std::string& text) {
  in_addr v4{};
  return ::inet_pton(AF_INET, text.c_str(), &v4) == 1;
}

}  // namespace

Result<void> FindHttpAddress::run(BuildContext& context) {
  const steps::HttpOptions& http = options_->http;
  const std::vector<LocalAddress> addresses = TRY(local_addresses());
  if (!http.bind_address.empty() && http.bind_address != "0.0.0.0") {
    const bool ours = std::any_of(addresses.begin(), addresses.end(), [&](const LocalAddress& one) {
      return one.text == http.bind_address;
    });
    if (!ours) {
      return invalid_input(fmt::format("http_bind_address {} is no address of this machine",
                                       http.bind_address));
    }
    context.http_ip = http.bind_address;
    return {};
  }
  if (!http.interface.empty()) {
    context.http_ip = TRY(steps::interface_address(http.interface));
    return {};
  }
  if (!options_->http_ip.empty()) {
    context.http_ip = options_->http_ip;
    return {};
  }
  const std::string& network = options_->wait_address.network;
  if (!network.empty() && network != "0.0.0.0/0") {
    const AddressBlock block = TRY(parse_address_block(network));
    for (const LocalAddress& one : addresses) {
      if (!block.contains(one.text)) continue;
      context.http_ip = one.text;
      return {};
    }
  }
  for (const LocalAddress& one : addresses) {
    if (one.loopback) continue;
    context.http_ip = one.text;
    return {};
  }
  if (http.wanted()) {
    return not_found("this machine has no IPv4 address that the guest could fetch files from; "
                     "give one with http_ip or http_bind_address");
  }
  return {};
}

Result<void> set_boot_order(Machine& machine, const std::string& order,
                            const CancelToken& cancel) {
  const std::vector<Device> devices = TRY(read_devices(*machine.session, machine.ref, cancel));
  XmlWriter list;
  size_t begin = 0;
  while (begin <= order.size()) {
    const size_t end = std::min(order.find(',', begin), order.size());
    std::string word = order.substr(begin, end - begin);
    std::erase(word, ' ');
    begin = end + 1;
    if (word == "-") {
      list.empty_element("bootOrder", "VirtualMachineBootOptionsBootableDevice");
    } else if (word == "cdrom" || word == "floppy") {
      list.empty_element("bootOrder", word == "cdrom"
                                          ? "VirtualMachineBootOptionsBootableCdromDevice"
                                          : "VirtualMachineBootOptionsBootableFloppyDevice");
    } else if (word == "disk" || word == "ethernet") {
      for (const Device& device : devices) {
        const bool fits = word == "disk" ? device.type == "VirtualDisk" : is_network_card(device);
        if (!fits) continue;
        list.element("bootOrder",
                     word == "disk" ? "VirtualMachineBootOptionsBootableDiskDevice"
                                    : "VirtualMachineBootOptionsBootableEthernetDevice",
                     [&] { list.number("deviceKey", device.key); });
      }
    } else if (!word.empty()) {
      return invalid_input(fmt::format(
          "boot_order: unknown device \"{}\" (disk, cdrom, ethernet, floppy or -)", word));
    }
  }
  if (list.str().empty()) return {};
  return reconfigure(
      machine, [&](XmlWriter& out) { out.element("bootOptions", [&] { out.append(list); }); },
      cancel);
}

Result<void> PowerOn::run(BuildContext& context) {
  const std::string& order =
      options_->boot_order.empty() ? default_order_ : options_->boot_order;
  if (!order.empty()) {
    context.ui.say(options_->boot_order.empty() ? "Set boot order temporary..."
                                                : "Set boot order...");
    TRY(set_boot_order(*machine_, order, context.cancel));
  }
  context.ui.say("Power on VM...");
  const Result<XmlNode> on =
      run_task(*machine_->session, machine_->ref, "PowerOnVM_Task",
               [&](XmlWriter& out) { out.reference_if("host", machine_->host); }, context.cancel);
  if (!on) return on.error();
  return {};
}

Result<void> PowerOn::cleanup(BuildContext& context) {
  if (machine_->complete || machine_->ref.empty() || machine_->destroyed) return {};
  const CancelToken never;
  const Result<std::string> state = power_state(*machine_, never);
  if (!state || *state == "poweredOff") return {};
  context.ui.say("Power off VM...");
  const Result<XmlNode> off =
      run_task(*machine_->session, machine_->ref, "PowerOffVM_Task", {}, never);
  if (off || off.error().code == ErrorCode::Conflict) return {};
  return off.error();
}

Result<void> TypeBootCommand::run(BuildContext& context) {
  if (options_->boot.pieces.empty()) return {};
  TRY(steps::wait_for_boot(context, options_->boot, context.cancel));
  context.ui.say(context.http_port == 0
                     ? std::string("Typing boot command...")
                     : fmt::format("HTTP server is working at http://{}:{}/", context.http_ip,
                                   context.http_port));
  UsbKeyDriver driver(
      [&](const UsbKey& key, const CancelToken& cancel) -> Result<void> {
        const Result<XmlNode> sent = machine_->session->call(
            machine_->ref, "PutUsbScanCodes",
            [&](XmlWriter& out) {
              out.element("spec", [&] {
                out.element("keyEvents", [&] {
                  out.number("usbHidCode", (int64_t{key.usage} << 16) | kHidKeyboardPage);
                  const UsbModifiers& held = key.modifiers;
                  out.element("modifiers", [&] {
                    out.flag("leftControl", held.left_control);
                    out.flag("leftShift", held.left_shift);
                    out.flag("leftAlt", held.left_alt);
                    out.flag("leftGui", held.left_gui);
                    out.flag("rightControl", held.right_control);
                    out.flag("rightShift", held.right_shift);
                    out.flag("rightAlt", held.right_alt);
                    out.flag("rightGui", held.right_gui);
                  });
                });
              });
            },
            cancel);
        if (!sent) return sent.error();
        return {};
      },
      options_->boot.key_interval,
      options_->boot.keygroup_interval_given ? options_->boot.keygroup_interval : Duration(0));
  const std::map<std::string, std::string> data = {
      {"HTTPIP", context.http_ip},
      {"HTTPPort", fmt::format("{}", context.http_port)},
      {"Name", options_->location.vm_name}};
  return steps::type_boot_command(context, options_->boot, data, driver, context.cancel);
}

std::string guest_address(const XmlNode& nets, const std::optional<AddressBlock>& block) {
  for (const XmlNode& net : nets.children()) {
    for (const XmlNode& address : net.children("ipAddress")) {
      const std::string text = address.text();
      if (block ? block->contains(text) : is_v4(text)) return text;
    }
  }
  return {};
}

Result<void> WaitAddress::run(BuildContext& context) {
  if (options_->communicator.type == CommunicatorType::None) return {};
  context.guest_port = options_->communicator.port();
  if (!options_->communicator.host().empty()) {  // known: no need for VMware Tools in the guest
    context.guest_host = options_->communicator.host();
    return {};
  }
  const WaitAddressOptions& wait = options_->wait_address;
  std::optional<AddressBlock> block;
  if (!wait.network.empty()) block = TRY(parse_address_block(wait.network));
  context.ui.say("Waiting for IP...");
  SystemClock clock;
  const Instant end = clock.now() + wait.timeout;
  const auto left = [&] { return std::max(Duration(0), end - clock.now()); };
  std::string address;
  while (true) {
    const Result<void> seen = wait_for_properties(
        *machine_->session, machine_->ref, {"guest.net"}, left(), context.cancel,
        [&](const ObjectProperties& machine) -> Result<bool> {
          address = guest_address(machine.value("guest.net"), block);
          return !address.empty();
        });
    if (!seen) {
      if (seen.error().code != ErrorCode::Timeout) return seen;
      return timed_out(fmt::format(
          "Timeout waiting for IP: the guest reported no address{} within {}. VMware Tools must run "
          "in it; a fixed address can be given with ssh_host.",
          block && wait.network != "0.0.0.0/0" ? " in " + wait.network : std::string(),
          format_go_duration(wait.timeout)));
    }
    // It counts once it stays: installers and DHCP change it.
    const std::string first = address;
    const Instant settled = clock.now() + wait.settle;
    bool stable = true;
    while (stable && clock.now() < settled) {
      const Duration pause = std::min<Duration>(settled - clock.now(), std::chrono::seconds(1));
      if (!context.cancel.sleep(pause)) return cancelled("cancelled");
      const ObjectProperties now =
          TRY(retrieve(*machine_->session, machine_->ref, {"guest.net"}, context.cancel));
      stable = guest_address(now.value("guest.net"), block) == first;
    }
    if (stable) break;
    context.ui.message("IP address changed, waiting again");
  }
  context.ui.say("IP address: " + address);
  context.guest_host = address;
  return {};
}

}  // namespace farm::builders::vsphere
