#include "builders/platforms/vmware/driver.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "builders/platforms/vmware/dhcp_leases.h"
#include "builders/platforms/vmware/vmx.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::vmware {
namespace {

constexpr auto kDiskLimit = std::chrono::hours(6);
constexpr auto kCloneLimit = std::chrono::hours(6);
constexpr auto kOvftoolLimit = std::chrono::hours(12);
constexpr auto kVersionLimit = std::chrono::seconds(30);

std::array<int, 3> version_numbers(const std::string& text) {
  std::array<int, 3> numbers{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int& number : numbers) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc()) break;
    at = next;
    if (at != end && *at == '.') ++at;
  }
  return numbers;
}

// The first word that looks like a version: "VMware Workstation 17.6.1 build-24319023".
std::string version_in(const std::string& text) {
  size_t begin = 0;
  while ((begin = text.find_first_of("0123456789", begin)) != std::string::npos) {
    const size_t end = std::min(text.find_first_not_of("0123456789.", begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (word.find('.') != std::string::npos) return word;
    begin = end;
  }
  return {};
}

}  // namespace

bool version_reaches(const std::string& have, const std::string& least) {
  return version_numbers(have) >= version_numbers(least);
}

Installation installation_of(const VmwareOptions& options) {
  Installation installation;
  if (options.fusion_app_path.empty()) return installation;
  const std::string library = options.fusion_app_path + "/Contents/Library";
  installation.kind = "fusion";
  installation.vmrun = library + "/vmrun";
  installation.disk_manager = library + "/vmware-vdiskmanager";
  installation.ovftool = library + "/VMware OVF Tool/ovftool";
  installation.player = library + "/vmware-vmx";
  installation.networks = "/Library/Preferences/VMware Fusion";
  installation.tools = library + "/isoimages";
  installation.lowest_version = "13.6.0";
  return installation;
}

Result<void> Driver::verify(BuildContext& context, bool needs_ovftool) const {
  std::vector<std::pair<std::string, const char*>> programs = {
      {installation_.vmrun, "vmrun"},
      {installation_.disk_manager, "vmware-vdiskmanager"},
      {installation_.player, "vmware"}};
  if (needs_ovftool) programs.emplace_back(installation_.ovftool, "ovftool");
  for (const auto& [path, name] : programs) {
    if (io::find_program(path, context.environment)) continue;
    return not_found(fmt::format(
        "{} is not installed on this machine ({}); the VMware builders need {}", name, path,
        installation_.kind == "fusion" ? "VMware Fusion" : "VMware Workstation"));
  }
  const std::string banner =
      TRY(run(context, {installation_.player, "-v"}, kVersionLimit));
  const std::string version = version_in(banner);
  if (version_reaches(version, installation_.lowest_version)) return {};
  return invalid_input(fmt::format("VMware {} is too old: at least {} is needed",
                                   version.empty() ? "of an unknown version" : version,
                                   installation_.lowest_version));
}

Result<std::string> Driver::run(BuildContext& context, std::vector<std::string> arguments,
                                Duration limit) const {
  io::RunOptions options;
  options.spawn.argv = std::move(arguments);
  options.spawn.environment = context.environment.all();
  options.spawn.directory = context.working_directory;
  options.spawn.own_process_group = true;
  options.spawn.merge_output = true;
  options.deadline = limit;
  const io::Finished finished = TRY(io::run_program(options, context.cancel));
  if (finished.status.success()) return finished.standard_output;
  const std::string& program = options.spawn.argv.front();
  return unavailable(fmt::format("{} {}: {}: {}", io::base_name(program),
                                 options.spawn.argv.size() > 1 ? options.spawn.argv.back() : "",
                                 finished.status.text(),
                                 io::last_lines(finished.standard_output, 3)));
}

Result<std::string> Driver::vmrun(BuildContext& context, std::vector<std::string> arguments,
                                  Duration limit) const {
  arguments.insert(arguments.begin(), {installation_.vmrun, "-T", installation_.kind});
  return run(context, std::move(arguments), limit);
}

Result<void> Driver::create_disk(BuildContext& context, const std::string& path, int64_t size_mb,
                                 const std::string& adapter, const std::string& type_id) const {
  // The tool knows fewer adapters than machines have; the descriptor's word hardly matters.
  const std::string known = adapter == "ide" || adapter == "buslogic" ? adapter : "lsilogic";
  const Result<std::string> done =
      run(context, {installation_.disk_manager, "-c", "-s", fmt::format("{}M", size_mb), "-a",
                    known, "-t", type_id, path}, kDiskLimit);
  if (!done) return done.error();
  return {};
}

Result<void> Driver::compact_disk(BuildContext& context, const std::string& path) const {
  for (const char* action : {"-d", "-k"}) {
    const Result<std::string> done =
        run(context, {installation_.disk_manager, action, path}, kDiskLimit);
    if (!done) return done.error();
  }
  return {};
}

Result<void> Driver::start(BuildContext& context, const std::string& vmx, bool headless) const {
  const Result<std::string> done =
      vmrun(context, {"start", vmx, headless ? "nogui" : "gui"});
  if (!done) return done.error();
  return {};
}

Result<void> Driver::stop(BuildContext& context, const std::string& vmx) const {
  const Result<std::string> done = vmrun(context, {"stop", vmx, "hard"});
  if (done) return {};
  // It may have ended by itself between the question and the order.
  const Result<bool> still = running(context, vmx);
  if (still && !*still) return {};
  return done.error();
}

Result<bool> Driver::running(BuildContext& context, const std::string& vmx) const {
  const std::string list = TRY(vmrun(context, {"list"}));
  size_t begin = 0;
  while (begin < list.size()) {
    const size_t end = std::min(list.find('\n', begin), list.size());
    std::string line = list.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    if (line == vmx) return true;
    begin = end + 1;
  }
  return false;
}

Result<void> Driver::snapshot(BuildContext& context, const std::string& vmx,
                              const std::string& name) const {
  const Result<std::string> done = vmrun(context, {"snapshot", vmx, name}, kCloneLimit);
  if (!done) return done.error();
  return {};
}

Result<void> Driver::clone(BuildContext& context, const std::string& from, const std::string& to,
                           bool linked, const std::string& snapshot) const {
  std::vector<std::string> arguments = {"clone", from, to, linked ? "linked" : "full"};
  if (!snapshot.empty()) arguments.push_back("-snapshot=" + snapshot);
  const Result<std::string> done = vmrun(context, std::move(arguments), kCloneLimit);
  if (!done) return done.error();
  return {};
}

Result<std::string> Driver::guest_address(BuildContext& context, const std::string& vmx) const {
  const Result<std::string> said = vmrun(context, {"getGuestIPAddress", vmx},
                                         std::chrono::seconds(30));
  if (!said) {
    if (said.error().code == ErrorCode::Cancelled) return said.error();
    return std::string();
  }
  std::string address = *said;
  while (!address.empty() && (address.back() == '\n' || address.back() == '\r')) address.pop_back();
  return address == "unknown" ? std::string() : address;
}

Result<void> Driver::ovftool(BuildContext& context,
                             const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {installation_.ovftool};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const Result<std::string> done = run(context, std::move(words), kOvftoolLimit);
  if (!done) return done.error();
  return {};
}

std::string Driver::network_device(const std::string& network) const {
  // netmap.conf: network8.name = "NAT" / network8.device = "vmnet8".
  const Result<Vmx> map = Vmx::load(installation_.networks + "/netmap.conf");
  if (map) {
    for (const std::string& key : map->keys()) {
      if (!key.ends_with(".name")) continue;
      std::string name = map->get(key);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (name != network) continue;
      const std::string device = map->get(key.substr(0, key.size() - 5) + ".device");
      if (!device.empty()) return device;
    }
  }
  if (network == "nat") return "vmnet8";
  if (network == "hostonly") return "vmnet1";
  if (network == "bridged") return "vmnet0";
  return network;
}

Result<std::vector<std::string>> Driver::leases(const std::string& device,
                                                const std::string& mac) const {
  const std::string path = installation_.kind == "fusion"
                               ? fmt::format("/var/db/vmware/vmnet-dhcpd-{}.leases", device)
                               : fmt::format("{}/{}/dhcpd/dhcpd.leases", installation_.networks, device);
  const Result<std::string> text = io::read_file(path);
  if (!text) {
    if (text.error().code == ErrorCode::NotFound) return std::vector<std::string>();
    return text.error();
  }
  return leased_addresses(*text, mac);
}

std::string Driver::tools_iso(const std::string& flavor) const {
  return installation_.tools + "/" + flavor + ".iso";
}

}  // namespace farm::builders::vmware
