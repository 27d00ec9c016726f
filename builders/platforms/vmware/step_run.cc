// Steps from the start of the machine to its end.
#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "builders/core/config.h"
#include "builders/platforms/vmware/machine_file.h"
#include "builders/platforms/vmware/steps.h"
#include "builders/steps/rfb.h"
#include "builders/steps/shutdown_command.h"
#include "builders/steps/type_boot_command.h"
#include "common/io/files.h"

namespace farm::builders::vmware {
namespace {

constexpr auto kVncLimit = std::chrono::seconds(30);
constexpr auto kPowerPoll = std::chrono::milliseconds(150);
constexpr auto kLockLimit = std::chrono::seconds(120);
constexpr auto kLockPoll = std::chrono::milliseconds(150);
constexpr auto kAddressPoll = std::chrono::seconds(1);
constexpr auto kAddressLimit = std::chrono::minutes(5);  // where the communicator sets none
constexpr auto kTryConnect = std::chrono::seconds(2);
// VMware refuses to stop a machine that it is still starting.
constexpr auto kYoungest = std::chrono::seconds(5);

std::string vnc_address(const std::string& bind_address) {
  return bind_address == "0.0.0.0" ? "127.0.0.1" : bind_address;
}

// Whether something answers there: old leases name addresses that others have by now.
bool answers(const std::string& address, uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1) return false;
  const io::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return false;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return true;
  pollfd wait{socket.get(), POLLOUT, 0};
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(kTryConnect).count();
  if (::poll(&wait, 1, static_cast<int>(limit)) != 1) return false;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0;
}

}  // namespace

Result<void> StartMachine::run(BuildContext& context) {
  Vm& vm = *shared_.vm;
  context.ui.say("Powering on virtual machine...");
  if (shared_.options->headless && vm.vnc_port != 0) {
    context.ui.message(fmt::format(
        "The VM will be run headless, without a GUI. If you want to view the screen of the VM, "
        "connect via VNC to vnc://{}:{}", vnc_address(shared_.options->vnc_bind_address),
        vm.vnc_port));
  }
  intent_ = TRY(context.ledger.intend(resource::kRunning, vm.vmx));
  started_ = io::steady_now();
  TRY(shared_.driver->start(context, vm.vmx, shared_.options->headless));
  vm.started = true;
  context.instance_id = vm.vmx;
  return {};
}

Result<void> StartMachine::cleanup(BuildContext& context) {
  if (!intent_) return {};
  const Result<bool> running = shared_.driver->running(context, shared_.vm->vmx);
  if (running && *running) {
    const Duration age = io::steady_now() - started_;
    if (age < kYoungest) context.clock.sleep(kYoungest - age);
    context.ui.say("Stopping virtual machine...");
    TRY(shared_.driver->stop(context, shared_.vm->vmx));
  }
  const uint64_t intent = *intent_;
  intent_.reset();
  return context.ledger.gone(intent);
}

Result<void> TypeBootCommand::run(BuildContext& context) {
  const VmwareOptions& options = *shared_.options;
  if (options.boot.disable_vnc || options.boot.pieces.empty()) return {};
  TRY(steps::wait_for_boot(context, options.boot, context.cancel));
  context.ui.say("Connecting to VNC...");
  steps::RfbClient client = TRY(steps::RfbClient::connect(
      vnc_address(options.vnc_bind_address), shared_.vm->vnc_port, shared_.vm->vnc_password,
      io::steady_now() + kVncLimit, context.cancel));
  context.ui.say("Typing the boot command over VNC...");
  steps::VncKeyDriver keys(client, options.boot.key_interval);
  const std::map<std::string, std::string> data = {
      {"HTTPIP", context.http_ip},
      {"HTTPPort", fmt::format("{}", context.http_port)},
      {"Name", options.vm_name},
      {"SSHPublicKey", context.ssh_public_key}};
  return steps::type_boot_command(context, options.boot, data, keys, context.cancel);
}

Result<std::string> WaitGuestAddress::look(BuildContext& context, const std::string& device) {
  const Vm& vm = *shared_.vm;
  if (device != "vmnet0") {
    const Vmx vmx = TRY(Vmx::load(vm.vmx));
    std::string mac = vmx.get("ethernet0.generatedAddress");
    if (mac.empty()) mac = vmx.get("ethernet0.address");
    if (!mac.empty()) {
      const std::vector<std::string> leased = TRY(shared_.driver->leases(device, mac));
      for (const std::string& address : leased) {
        if (answers(address, context.guest_port)) return address;
      }
    }
  }
  return shared_.driver->guest_address(context, vm.vmx);
}

Result<void> WaitGuestAddress::run(BuildContext& context) {
  const CommunicatorOptions& communicator = shared_.options->communicator;
  if (communicator.type == CommunicatorType::None) return {};
  context.guest_port = communicator.port();
  if (!communicator.host().empty()) {
    context.guest_host = communicator.host();
    return {};
  }
  const std::string device = shared_.driver->network_device(shared_.vm->network);
  context.ui.say("Waiting for the address of the guest...");
  const bool winrm = communicator.type == CommunicatorType::WinRm;
  const Duration own = winrm ? communicator.winrm.timeout : communicator.ssh.timeout;
  const Instant end = io::steady_now() + (own.count() > 0 ? own : Duration(kAddressLimit));
  while (io::steady_now() < end) {
    const std::string address = TRY(look(context, device));
    if (!address.empty()) {
      context.ui.message("IP address: " + address);
      context.guest_host = address;
      return {};
    }
    const bool running = TRY(shared_.driver->running(context, shared_.vm->vmx));
    if (!running) return unavailable("the virtual machine ended before it had an address");
    if (!context.cancel.sleep(kAddressPoll)) return cancelled("cancelled");
  }
  return timed_out(fmt::format(
      "the guest got no address on {}: no DHCP lease for its network card, no answer of VMware "
      "Tools; a fixed address can be given with ssh_host", device));
}

Result<void> UploadTools::run(BuildContext& context) {
  const VmwareTools& tools = shared_.options->tools;
  if (tools.mode != "upload" || !context.communicator) return {};
  std::string flavor = tools.flavor;
  if (flavor.empty()) {
    flavor = io::base_name(tools.source_path);
    flavor = flavor.substr(0, flavor.find('.'));
  }
  const std::string target =
      TRY(steps::render_late(context, tools.upload_path, {{"Flavor", flavor}}));
  context.ui.say(fmt::format("Uploading VMware Tools ({}) to {}", flavor, target));
  return context.communicator->upload(
      shared_.vm->tools_iso, target, 0644,
      [&](uint64_t done, uint64_t total) { context.ui.progress("tools", done, total); },
      context.cancel);
}

Result<void> ShutDown::wait_until_off(BuildContext& context, Duration limit) {
  const Instant end = io::steady_now() + limit;
  while (true) {
    const bool running = TRY(shared_.driver->running(context, shared_.vm->vmx));
    if (!running) return {};
    if (io::steady_now() >= end) {
      return timed_out(fmt::format("Timeout while waiting for machine to shut down ({}, "
                                   "shutdown_timeout).", format_go_duration(limit)));
    }
    if (!context.cancel.sleep(kPowerPoll)) return cancelled("cancelled");
  }
}

// VMware writes the last changes after the machine is off.
Result<void> ShutDown::wait_for_locks(BuildContext& context) {
  const Instant end = io::steady_now() + kLockLimit;
  while (io::steady_now() < end) {
    const std::vector<std::string> files = TRY(io::list_files(shared_.vm->folder));
    const bool locked = std::any_of(files.begin(), files.end(), [](const std::string& file) {
      return file.find(".lck") != std::string::npos;
    });
    if (!locked) return {};
    if (!context.cancel.sleep(kLockPoll)) return cancelled("cancelled");
  }
  return timed_out("VMware does not let go of the machine's files (.lck)");
}

Result<void> ShutDown::run(BuildContext& context) {
  const steps::ShutdownOptions& shutdown = shared_.options->shutdown;
  if (shared_.options->communicator.type == CommunicatorType::None && shutdown.command.empty()) {
    context.ui.say("Waiting for shutdown...");
    TRY(wait_until_off(context, shutdown.timeout));
  } else if (!shutdown.command.empty()) {
    context.ui.say("Gracefully halting virtual machine...");
    TRY(steps::run_shutdown_command(context, shutdown, -1));
    TRY(wait_until_off(context, shutdown.timeout));
  } else {
    context.ui.say("Forcibly halting virtual machine...");
    TRY(shared_.driver->stop(context, shared_.vm->vmx));
  }
  context.ui.message("Waiting for clean up...");
  return wait_for_locks(context);
}

Result<void> CleanMachine::run(BuildContext& context) {
  const VmwareOptions& options = *shared_.options;
  Vm& vm = *shared_.vm;
  context.ui.say("Deleting unnecessary VMware files...");
  const std::vector<std::string> kept = {"nvram", "vmdk", "vmsd", "vmx", "vmxf"};
  const std::vector<std::string> files = TRY(io::list_files(vm.folder));
  for (const std::string& file : files) {
    const std::string extension = io::extension(file);
    if (std::find(kept.begin(), kept.end(), extension) != kept.end()) continue;
    context.ui.message("Deleting: " + file);
    TRY(io::remove_file(file));
  }
  if (options.exported.skip_compaction) {
    context.ui.say("Skipping disk compaction...");
  } else {
    context.ui.say("Compacting all attached virtual disks...");
    for (const std::string& disk : vm.disks) {
      TRY(shared_.driver->compact_disk(context, io::join_path(vm.folder, disk)));
    }
  }
  context.ui.say("Cleaning VMX prior to finishing up...");
  Vmx vmx = TRY(Vmx::load(vm.vmx));
  apply_data(vmx, options.vmx_data_post);
  clean_machine(vmx, options.remove_ethernet);
  return vmx.save(vm.vmx);
}

Result<void> FinishMachine::run(BuildContext& context) {
  const VmwareOptions& options = *shared_.options;
  Vm& vm = *shared_.vm;
  if (!options.snapshot_name.empty()) {
    context.ui.say(fmt::format("Creating snapshot {}...", options.snapshot_name));
    TRY(shared_.driver->snapshot(context, vm.vmx, options.snapshot_name));
  }
  if (!options.exported.wanted()) return {};
  context.ui.say("Exporting virtual machine...");
  std::vector<std::string> arguments = options.exported.options;
  arguments.push_back(vm.vmx);
  arguments.push_back(
      io::join_path(vm.folder, options.vm_name + "." + options.exported.format));
  return shared_.driver->ovftool(context, arguments);
}

}  // namespace farm::builders::vmware
