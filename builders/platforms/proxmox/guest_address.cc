#include "builders/platforms/proxmox/guest_address.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace farm::builders::platform_proxmox {
namespace {

constexpr Duration kAskPause = std::chrono::seconds(1);
// A booting guest is silent for a while; what is said before would only worry people.
constexpr Duration kTellAfter = std::chrono::seconds(60);

bool is_loopback(const std::string& address) {
  return address == "::1" || address.starts_with("127.");
}
bool is_link_local(const std::string& address) {
  return address.starts_with("fe80:") || address.starts_with("169.254.");
}
bool is_ipv4(const std::string& address) { return address.find(':') == std::string::npos; }

std::vector<std::string> addresses_of(const Json& interface) {
  std::vector<std::string> addresses;
  const auto list = interface.find("ip-addresses");
  if (list == interface.end() || !list->is_array()) return addresses;
  for (const Json& entry : *list) {
    const std::string address = text_of(entry, "ip-address");
    if (!address.empty() && !is_loopback(address) && !is_link_local(address)) {
      addresses.push_back(address);
    }
  }
  return addresses;
}

}  // namespace

Result<std::string> address_in(const Json& answer, const std::string& interface) {
  const Json list = answer.is_object() && answer.contains("result") ? answer["result"] : answer;
  std::string names;
  for (const Json& entry : list.is_array() ? list : Json::array()) {
    const std::string name = text_of(entry, "name");
    const std::vector<std::string> addresses = addresses_of(entry);
    if (name != "lo") names += (names.empty() ? "" : ", ") + name;
    if (!interface.empty() && name != interface) continue;
    for (const std::string& address : addresses) {
      if (!interface.empty() || is_ipv4(address)) return address;
    }
    if (!interface.empty()) {
      return unavailable(fmt::format(
          "the guest's interface {} has no address yet: no DHCP lease, or its bridge leads "
          "elsewhere (network_adapters: bridge, vlan_tag)",
          interface));
    }
  }
  if (!interface.empty()) {
    return unavailable(fmt::format("the guest has no interface {} (vm_interface); it has: {}",
                                   interface, names.empty() ? "none" : names));
  }
  return unavailable(
      "the guest has no IPv4 address yet: no DHCP lease, or its bridge leads elsewhere "
      "(network_adapters: bridge, vlan_tag)");
}

Result<std::string> GuestAddress::ask(const CancelToken& cancel) const {
  if (!config_->qemu_agent) {
    return invalid_input(
        "the address is asked of the guest agent, which qemu_agent = false switches off: set "
        "ssh_host (or winrm_host), or qemu_agent = true");
  }
  const Result<Json> answer = client_->get(
      vm_->machine(*client_).path("/agent/network-get-interfaces"), {}, cancel);
  if (answer) return address_in(*answer, config_->vm_interface);
  const Error& error = answer.error();
  if (error.message.find("agent is not running") != std::string::npos) {
    return unavailable(
        "the guest agent is not running: the guest is still booting, or qemu-guest-agent is not "
        "installed and enabled in it");
  }
  if (error.message.find("No QEMU guest agent configured") != std::string::npos ||
      error.code == ErrorCode::Cancelled || error.code == ErrorCode::NotFound) {
    return error;
  }
  // Not the guest's refusal of a login, which may be tried again.
  if (error.code == ErrorCode::Denied) return invalid_input(error.message);
  return unavailable(error.message);
}

Result<std::string> GuestAddress::find(BuildContext& context, const CancelToken& cancel) {
  const Instant now = context.clock.now();
  if (asked_ && now - *asked_ < kAskPause) {
    if (!address_.empty()) return address_;
    if (!cancel.sleep(kAskPause - (now - *asked_))) return cancelled("cancelled");
  }
  asked_ = context.clock.now();
  if (!told_) told_ = asked_;
  Result<std::string> address = ask(cancel);
  address_ = address ? *address : "";
  if (address) {
    reason_.clear();
    return address;
  }
  const bool news = address.error().message != reason_;
  reason_ = address.error().message;
  if (news && *asked_ - *told_ >= kTellAfter) {
    context.ui.message("Still waiting: " + reason_);
    told_ = asked_;
  }
  return address;
}

}  // namespace farm::builders::platform_proxmox
