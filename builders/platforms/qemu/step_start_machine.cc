#include "builders/platforms/qemu/step_start_machine.h"

#include <fmt/format.h>

#include "builders/platforms/qemu/command_line.h"
#include "builders/platforms/qemu/step_prepare_network.h"
#include "builders/steps/type_boot_command.h"
#include "common/io/files.h"

namespace farm::builders::platform_qemu {
namespace {

constexpr auto kStartLimit = std::chrono::seconds(60);
constexpr int kPortTries = 3;

// Go prints a map so; templates that use .HTTPContent whole get the same text.
std::string content_text(const std::map<std::string, std::string>& content) {
  std::string text = "map[";
  for (const auto& [path, body] : content) {
    text += (text.size() > 4 ? " " : "") + path + ":" + body;
  }
  return text + "]";
}

}  // namespace

Error machine_ended(Vm& vm) {
  // The monitor's end of file may come a moment before the process can be reaped.
  const Result<io::ExitStatus> status = vm.machine->wait(std::chrono::seconds(5), CancelToken());
  const std::string said = vm.machine->last_output();
  return internal(fmt::format("qemu ended by itself: {}{}{}",
                              status ? status->text() : status.error().message,
                              said.empty() ? "" : "\n", said));
}

Result<std::vector<std::vector<std::string>>> StartMachine::rendered_arguments(
    BuildContext& context) const {
  const std::map<std::string, std::string> data = {
      {"HTTPIP", context.http_ip},
      {"HTTPPort", fmt::format("{}", context.http_port)},
      {"HTTPDir", config_->http.directory},
      {"HTTPContent", content_text(config_->http.content)},
      {"OutputDir", config_->output_directory},
      {"Name", config_->vm_name},
      {"SSHHostPort", fmt::format("{}", vm_->host_port)}};
  std::vector<std::vector<std::string>> rendered = config_->qemuargs;
  for (std::vector<std::string>& entry : rendered) {
    for (std::string& text : entry) {
      const Result<std::string> done = steps::render_late(context, text, data);
      if (!done) return done.error().within("qemuargs");
      text = *done;
    }
  }
  return rendered;
}

void StartMachine::say_where_to_look(BuildContext& context) const {
  if (!vm_->headless || config_->boot.disable_vnc) return;
  context.ui.message(fmt::format(
      "The VM will be run headless, without a GUI. If you want to view the screen of the VM, "
      "connect via VNC {} to vnc://{}:{}",
      config_->vnc.use_password ? "with the password set" : "without a password",
      config_->vnc.bind_address, vm_->vnc_port));
}

Result<void> StartMachine::run(BuildContext& context) {
  context.ui.say(config_->disk_image ? "Starting VM, booting disk image"
                                     : "Starting VM, booting from CD-ROM");
  say_where_to_look(context);
  Result<void> launched = launch(context);
  for (int left = kPortTries; !launched && port_was_taken() && left > 0; --left) {
    context.ui.message("A port was taken by another program meanwhile; trying others");
    end_machine();
    TRY(renew_ports(context, *config_, *vm_));
    launched = launch(context);
  }
  TRY(std::move(launched));
  prepare_for_failure(context);
  return config_->vnc.use_password && !config_->boot.disable_vnc ? set_vnc_password()
                                                                 : Result<void>();
}

// Free when they were reserved, but every program may listen where it likes.
bool StartMachine::port_was_taken() const {
  if (!vm_->machine || vm_->monitor) return false;
  const std::string said = vm_->machine->last_output();
  return said.find("Address already in use") != std::string::npos ||
         said.find("Could not set up host forwarding rule") != std::string::npos;
}

Result<void> StartMachine::launch(BuildContext& context) {
  const auto overrides = TRY(rendered_arguments(context));
  const std::vector<std::string> arguments = command_line(*config_, *vm_, overrides);
  if (!intent_) {
    intent_ = TRY(context.ledger.intend(
        resource_kind::kProcess,
        fmt::format("{} {}", config_->qemu_binary,
                    resolve_path(context, config_->output_directory + "/" + config_->vm_name))));
  }
  vm_->machine = TRY(driver_->start(context, arguments));
  TRY(context.ledger.bound(*intent_, vm_->machine->identity()));
  Result<QmpClient> monitor =
      QmpClient::open(vm_->machine->take_monitor(), kStartLimit, context.cancel);
  if (!monitor) {
    if (monitor.error().code == ErrorCode::Cancelled) return monitor.error();
    if (monitor.error().code == ErrorCode::Unavailable) {
      return launch_error(context);
    }
    return monitor.error().within("Error launching VM");
  }
  vm_->monitor = std::make_unique<QmpClient>(std::move(*monitor));
  return {};
}

Error StartMachine::launch_error(BuildContext& context) {
  Error ended = machine_ended(*vm_).within("Error launching VM");
  const std::string said = vm_->machine->last_output();
  // qemu's words for a window that does not open leave out whose display it was, and the way out.
  const bool window = said.find("gtk initialization failed") != std::string::npos ||
                      said.find("Could not initialize SDL") != std::string::npos ||
                      said.find("Display '") != std::string::npos;
  if (window) {
    ended.message += fmt::format(
        "\nThe machine's window could not be opened (DISPLAY is \"{}\"); headless = true does "
        "without one.",
        context.environment.get_or("DISPLAY", ""));
  }
  return ended;
}

void StartMachine::end_machine() {
  vm_->monitor.reset();
  if (vm_->machine) vm_->machine->stop();
  vm_->machine.reset();
}

// The last screen is taken before anything is undone; who keeps the machine is told what it has.
void StartMachine::prepare_for_failure(BuildContext& context) {
  Vm* const vm = vm_;
  context.at_failure["start_machine"] = [vm](BuildContext& failed) {
    if (vm->monitor && vm->camera.capture(failed, *vm->monitor, "screen at failure")) return;
    if (const std::string age = vm->camera.age(); !age.empty()) {
      failed.ui.message("The last picture of the screen was taken " + age + " s before.");
    }
  };
  const std::string identity = vm_->machine->identity();
  std::string text = "The machine is left as it is: qemu process " +
                     identity.substr(0, identity.find(' '));
  if (!config_->boot.disable_vnc) {
    text += fmt::format(", screen at vnc://{}:{}", config_->vnc.bind_address, vm_->vnc_port);
    if (config_->vnc.use_password) text += " (password " + vm_->vnc_password.reveal() + ")";
  }
  if (vm_->host_port != 0) {
    text += fmt::format(", its port {} at 127.0.0.1:{}", vm_->guest_port, vm_->host_port);
  }
  context.reach["start_machine"] =
      text + fmt::format(". To end it: kill {0}; rm -r {1}",
                         identity.substr(0, identity.find(' ')),
                         resolve_path(context, config_->output_directory));
}

Result<void> StartMachine::set_vnc_password() {
  // The characters of a password go through JSON; quotes and backslashes are the only special ones
  // that a template can bring in here.
  std::string escaped;
  for (const char c : vm_->vnc_password.reveal()) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  const Result<std::string> set = vm_->monitor->execute(
      "set_password", fmt::format("{{\"protocol\":\"vnc\",\"password\":\"{}\"}}", escaped));
  if (!set) return set.error().within("setting the VNC password");
  return {};
}

Result<void> StartMachine::cleanup(BuildContext& context) {
  context.at_failure.erase("start_machine");
  context.reach.erase("start_machine");
  end_machine();
  if (config_->qmp_enable) {
    TRY(io::remove_file(resolve_path(context, config_->qmp_socket_path)));
  }
  if (!intent_) return {};
  return context.ledger.gone(*intent_);
}

}  // namespace farm::builders::platform_qemu
