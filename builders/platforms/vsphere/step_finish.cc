#include "builders/platforms/vsphere/step_finish.h"

#include <algorithm>
#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/steps/shutdown_command.h"
#include "builders/platforms/vsphere/step_hardware.h"
#include "builders/platforms/vsphere/step_run.h"

namespace farm::builders::vsphere {
namespace {

constexpr auto kPowerPoll = std::chrono::seconds(1);

std::vector<Device> of_type(const std::vector<Device>& devices, std::string_view type) {
  std::vector<Device> found;
  for (const Device& device : devices) {
    if (device.type == type) found.push_back(device);
  }
  return found;
}

}  // namespace

Result<void> ShutDown::run(BuildContext& context) {
  const FinishOptions& finish = options_->finish;
  const std::string state = TRY(power_state(*machine_, context.cancel));
  if (state == "poweredOff") {
    context.ui.say("VM is already powered off");
    return {};
  }
  SystemClock clock;
  const Instant end = clock.now() + finish.shutdown.timeout;
  if (options_->communicator.type == CommunicatorType::None || finish.disable_shutdown) {
    context.ui.say(fmt::format("Automatic shutdown disabled. Please shutdown virtual machine within {}.",
                               format_go_duration(finish.shutdown.timeout)));
  } else if (!finish.shutdown.command.empty()) {
    context.ui.say("Executing shutdown command...");
    TRY(steps::run_shutdown_command(context, finish.shutdown, -1));
  } else {
    context.ui.say("Shutting down VM...");
    const Result<XmlNode> asked =
        machine_->session->call(machine_->ref, "ShutdownGuest", {}, context.cancel);
    // It may have turned itself off meanwhile.
    if (!asked && asked.error().code != ErrorCode::Conflict) return asked.error();
  }
  while (true) {
    const std::string now = TRY(power_state(*machine_, context.cancel));
    if (now == "poweredOff") return {};
    if (clock.now() >= end) {
      return timed_out(fmt::format("Timeout while waiting for machine to shut down ({}, "
                                   "shutdown_timeout)",
                                   format_go_duration(finish.shutdown.timeout)));
    }
    if (!context.cancel.sleep(kPowerPoll)) return cancelled("cancelled");
  }
}

Result<void> RemoveMedia::run(BuildContext& context) {
  TRY(remove_floppies(context));
  TRY(eject(context));
  if (options_->finish.remove_cdrom) TRY(remove_cd_drives(context));
  if (options_->finish.reattach_cdroms > 0) TRY(reattach(context));
  if (clear_boot_order_) {
    context.ui.say("Clear boot order...");
    TRY(set_boot_order(*machine_, "-", context.cancel));
  }
  return reconfigure(*machine_, [](XmlWriter& out) { write_parameter(out, kTagKey, ""); },
                     context.cancel);
}

Result<void> RemoveMedia::remove_floppies(BuildContext& context) {
  const std::vector<Device> devices =
      TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
  const std::vector<Device> drives = of_type(devices, "VirtualFloppy");
  if (drives.empty()) return {};
  context.ui.say("Deleting Floppy drives...");
  return reconfigure(
      *machine_,
      [&](XmlWriter& out) {
        for (const Device& drive : drives) write_removal(out, drive);
      },
      context.cancel);
}

Result<void> RemoveMedia::eject(BuildContext& context) {
  const std::vector<Device> devices =
      TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
  std::vector<Device> loaded = of_type(devices, "VirtualCdrom");
  std::erase_if(loaded, [](const Device& drive) {
    return drive.node.child("backing").type() != "VirtualCdromIsoBackingInfo";
  });
  if (loaded.empty()) return {};
  context.ui.say("Eject CD-ROM drives...");
  return reconfigure(
      *machine_,
      [&](XmlWriter& out) {
        for (const Device& drive : loaded) write_cd_eject(out, drive);
      },
      context.cancel);
}

Result<void> RemoveMedia::remove_cd_drives(BuildContext& context) {
  const std::vector<Device> devices =
      TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
  const std::vector<Device> drives = of_type(devices, "VirtualCdrom");
  std::vector<Device> controllers = of_type(devices, "VirtualAHCIController");
  // A SATA controller with a disk on it stays.
  std::erase_if(controllers, [&](const Device& controller) {
    return std::any_of(devices.begin(), devices.end(), [&](const Device& device) {
      return device.controller == controller.key && device.type != "VirtualCdrom";
    });
  });
  if (drives.empty() && controllers.empty()) return {};
  context.ui.say("Deleting CD-ROM drives...");
  return reconfigure(
      *machine_,
      [&](XmlWriter& out) {
        for (const Device& drive : drives) write_removal(out, drive);
        for (const Device& controller : controllers) write_removal(out, controller);
      },
      context.cancel);
}

// Ends with exactly as many empty drives as wanted.
Result<void> RemoveMedia::reattach(BuildContext& context) {
  const auto wanted = static_cast<size_t>(options_->finish.reattach_cdroms);
  context.ui.say(fmt::format("Reattaching {} CD-ROM drives...", wanted));
  std::vector<Device> devices =
      TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
  const std::vector<Device> drives = of_type(devices, "VirtualCdrom");
  if (drives.size() > wanted) {
    return reconfigure(
        *machine_,
        [&](XmlWriter& out) {
          for (size_t i = wanted; i < drives.size(); ++i) write_removal(out, drives[i]);
        },
        context.cancel);
  }
  for (size_t have = drives.size(); have < wanted; ++have) {
    const CdPlace place = TRY(place_for_cd(devices, options_->cdrom_type));
    TRY(reconfigure(
        *machine_,
        [&](XmlWriter& out) {
          if (place.new_controller) write_sata_controller(out, place.controller, devices);
          write_cd(out, place, -301, "");
        },
        context.cancel));
    devices = TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
  }
  return {};
}

Result<void> RemoveNetworkAdapters::run(BuildContext& context) {
  if (!options_->finish.remove_network_adapter) return {};
  const std::vector<Device> devices =
      TRY(read_devices(*machine_->session, machine_->ref, context.cancel));
  context.ui.say("Removing network adapters...");
  return reconfigure(
      *machine_,
      [&](XmlWriter& out) {
        for (const Device& device : devices) {
          if (is_network_card(device)) write_removal(out, device);
        }
      },
      context.cancel);
}

Result<void> CreateSnapshot::run(BuildContext& context) {
  const FinishOptions& finish = options_->finish;
  if (!finish.create_snapshot) return {};
  context.ui.say("Creating snapshot...");
  const Result<XmlNode> made = run_task(
      *machine_->session, machine_->ref, "CreateSnapshot_Task",
      [&](XmlWriter& out) {
        out.text("name", finish.snapshot_name);
        out.text("description", "");
        out.flag("memory", false);
        out.flag("quiesce", false);
      },
      context.cancel);
  if (!made) return made.error();
  return {};
}

Result<void> ConvertToTemplate::run(BuildContext& context) {
  if (!options_->finish.convert_to_template) return {};
  context.ui.say("Convert VM into template...");
  const Result<XmlNode> done =
      machine_->session->call(machine_->ref, "MarkAsTemplate", {}, context.cancel);
  if (done) return {};
  // A lost answer: did it happen?
  if (done.error().retryable) {
    const ObjectProperties now = TRY(
        retrieve(*machine_->session, machine_->ref, {"config.template"}, context.cancel));
    if (now.text("config.template") == "true") return {};
  }
  return done.error();
}

}  // namespace farm::builders::vsphere
