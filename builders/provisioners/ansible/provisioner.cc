#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <pwd.h>
#include <thread>
#include <unistd.h>

#include "builders/communicators/ssh/key_pair.h"
#include "builders/core/output_lines.h"
#include "builders/core/registry.h"
#include "builders/provisioners/ansible/bridge.h"
#include "builders/provisioners/ansible/config.h"
#include "builders/provisioners/ansible/playbook.h"
#include "builders/provisioners/ansible/ssh_proxy.h"
#include "common/base/scope_guard.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::provisioner_ansible {
namespace {

// A playbook's own limit is the provisioner's timeout; this one only ends what was forgotten.
constexpr auto kPlaybookTime = std::chrono::hours(24 * 30);
constexpr auto kGalaxyTime = std::chrono::hours(1);
constexpr auto kVersionTime = std::chrono::minutes(1);
constexpr int64_t kRsaBits = 3072;

using staging::generated_text;

std::string current_user() {
  const passwd* account = ::getpwuid(::geteuid());
  return account != nullptr ? account->pw_name : "root";
}

// A file or folder outside of the build's own temporary folder: written down before it is there.
class TrackedPath {
 public:
  static Result<TrackedPath> create(BuildContext& context, std::string path) {
    const uint64_t intent = TRY(context.ledger.intend(resource_kind::kPath, path));
    return TrackedPath(context, std::move(path), intent);
  }
  TrackedPath(TrackedPath&& other) noexcept
      : context_(std::exchange(other.context_, nullptr)),
        path_(std::move(other.path_)),
        intent_(other.intent_) {}
  TrackedPath& operator=(TrackedPath&&) = delete;
  ~TrackedPath() {
    if (context_ == nullptr) return;
    if (!kept_ && !io::remove_tree(path_)) return;
    (void)context_->ledger.gone(intent_);
  }
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  TrackedPath(BuildContext& context, std::string path, uint64_t intent)
      : context_(&context), path_(std::move(path)), intent_(intent) {}
  BuildContext* context_;
  std::string path_;
  uint64_t intent_;
  bool kept_ = false;
};

class Ansible final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    if (!context.communicator) {
      return invalid_input("ansible needs a communicator to reach the machine");
    }
    context.ui.say("Provisioning with Ansible...");
    environment_ = ansible_environment(config_, context);
    if (!config_.skip_version_check) TRY(check_version(context));
    const io::TempDirectory directory =
        TRY(io::TempDirectory::create(context.temp_directory, "ansible-"));
    directory_ = directory.path();
    // Sockets of ssh masters: their paths must be short, and no master may stay behind.
    std::optional<TrackedPath> sockets;
    if (!environment_.contains("ANSIBLE_SSH_CONTROL_PATH_DIR")) {
      sockets.emplace(TRY(TrackedPath::create(context, "/tmp/fa-" + context.random.word(10))));
      TRY(io::make_directories(sockets->path(), 0700));
      environment_["ANSIBLE_SSH_CONTROL_PATH_DIR"] = sockets->path();
    }
    const ScopeGuard end_masters([&] {
      if (sockets) end_ssh_masters(sockets->path());
    });
    return goes_through_adapter(context) ? through_adapter(context) : directly(context);
  }

 private:
  bool goes_through_adapter(BuildContext& context) const {
    if (config_.use_proxy) return true;
    const std::string type = generated_text(context, "ConnType");
    if (generated_text(context, "Host").empty() || (type != "ssh" && type != "winrm")) {
      context.ui.error(
          "Warning: use_proxy is false, but instance does not have an IP address to give to "
          "Ansible. Falling back to use localhost proxy.");
      return true;
    }
    return false;
  }

  Result<void> directly(BuildContext& context) {
    context.ui.message("Not using Proxy adapter for Ansible run:");
    const bool winrm = generated_text(context, "ConnType") == "winrm";
    Target target;
    target.way = winrm ? Target::Way::WinRm : Target::Way::Ssh;
    target.host = generated_text(context, "Host");
    target.port =
        static_cast<uint16_t>(std::strtoul(generated_text(context, "Port").c_str(), nullptr, 10));
    target.user = config_.user.empty() ? generated_text(context, "User") : config_.user;
    const std::string password = generated_text(context, winrm ? "WinRMPassword" : "Password");
    if (!winrm) TRY(choose_key(context, target));
    if (!password.empty()) {
      context.ui.message(winrm ? "\tUsing WinRM Password from Packer communicator..."
                               : "\tUsing SSH password from Packer communicator...");
      target.secrets_file = directory_ + "/secrets.json";
      TRY(io::write_file(target.secrets_file,
                         nlohmann::json{{"ansible_password", password}}.dump(), 0600));
    }
    return play(context, target, nullptr);
  }

  Result<void> choose_key(BuildContext& context, Target& target) {
    if (generated_text(context, "SSHAgentAuth") == "true") {
      context.ui.message("\tUsing the SSH agent of the communicator...");
      return {};
    }
    const std::string file = generated_text(context, "SSHPrivateKeyFile");
    const std::string key = generated_text(context, "SSHPrivateKey");
    if (file.empty() && key.empty()) return {};
    context.ui.message("\tUsing ssh keys from Packer communicator...");
    if (!file.empty()) {
      target.private_key_file = builders::resolve_path(context, file);
      return {};
    }
    target.private_key_file = directory_ + "/guest_key";
    return io::write_file(target.private_key_file, key.ends_with('\n') ? key : key + "\n", 0600);
  }

  Result<void> through_adapter(BuildContext& context) {
    context.ui.message("Setting up proxy adapter for Ansible....");
    Target target;
    target.host = "127.0.0.1";
    target.user = config_.user.empty() ? current_user() : config_.user;
    ProxySettings settings;
    settings.user = target.user;
    settings.sftp_command = config_.sftp_command;
    const staging::GuestOs os = staging::guest_os("", context);
    if (os == staging::GuestOs::Unix) settings.shell_command = "exec /bin/sh";
    settings.port = config_.local_port;
    TRY(make_keys(context, settings, target));
    target.scp_needs_legacy_flag = !config_.use_sftp && local_scp_speaks_sftp(context);
    Bridge bridge(os);
    const std::unique_ptr<SshProxy> proxy =
        TRY(SshProxy::start(settings, bridge, context.cancel));
    target.port = proxy->port();
    return play(context, target, &bridge);
  }

  Result<void> make_keys(BuildContext& context, ProxySettings& settings, Target& target) {
    using namespace builders::ssh;
    const KeyPairType type =
        config_.ansible_proxy_key_type == "RSA" ? KeyPairType::Rsa : KeyPairType::Ecdsa;
    const int64_t bits = type == KeyPairType::Rsa ? kRsaBits : 0;
    if (!config_.ssh_host_key_file.empty()) {
      settings.host_keys.push_back(
          TRY(io::read_file(resolve_path(context, config_.ssh_host_key_file), 1U << 20)));
    } else {
      // Ed25519 beside the wanted type: every current client takes it.
      const KeyPair modern = TRY(generate_key_pair(KeyPairType::Ed25519, 0, "farm"));
      const KeyPair wanted = TRY(generate_key_pair(type, bits, "farm"));
      settings.host_keys = {modern.private_key.reveal(), wanted.private_key.reveal()};
    }
    if (!config_.ssh_authorized_key_file.empty()) {
      // The other half is the user's own, where ssh finds it.
      settings.authorized_key =
          TRY(io::read_file(resolve_path(context, config_.ssh_authorized_key_file), 1U << 20));
      return {};
    }
    const KeyPair client = TRY(generate_key_pair(type, bits, "farm"));
    settings.authorized_key = client.authorized_keys;
    target.private_key_file = directory_ + "/adapter_key";
    return io::write_file(target.private_key_file, client.private_key.reveal(), 0600);
  }

  bool local_scp_speaks_sftp(BuildContext& context) const {
    io::RunOptions run;
    run.spawn.argv = {"ssh", "-V"};
    run.spawn.environment = environment_;
    run.deadline = kVersionTime;
    const Result<io::Finished> finished = io::run_program(run, context.cancel);
    return finished && scp_speaks_sftp(finished->standard_error);
  }

  Result<void> check_version(BuildContext& context) const {
    io::RunOptions run;
    run.spawn.argv = {config_.command, "--version"};
    run.spawn.environment = environment_;
    run.spawn.directory = context.working_directory;
    run.deadline = kVersionTime;
    const Result<io::Finished> finished = io::run_program_checked(run, context.cancel);
    if (!finished) {
      return finished.error().within(
          fmt::format("Error running \"{} --version\"", config_.command));
    }
    return check_ansible_version(finished->standard_output);
  }

  Result<void> play(BuildContext& context, const Target& target, Bridge* bridge) {
    std::optional<TrackedPath> made;
    std::string inventory = config_.inventory_file;
    if (inventory.empty()) {
      made.emplace(TRY(write_inventory(context, target)));
      inventory =
          config_.inventory_directory.empty() ? made->path() : config_.inventory_directory;
    }
    Result<void> played = run_all(context, target, inventory, bridge);
    if (made && config_.keep_inventory_file) {
      made->keep();
      context.ui.message("Keeping the inventory file: " + made->path());
    }
    return played;
  }

  Result<TrackedPath> write_inventory(BuildContext& context, const Target& target) {
    std::string folder = directory_;
    if (!config_.inventory_directory.empty()) {
      folder = resolve_path(context, config_.inventory_directory);
    } else if (config_.keep_inventory_file) {
      folder = context.environment.get_or("TMPDIR", "/tmp");
    }
    TrackedPath file = TRY(TrackedPath::create(
        context, fmt::format("{}/packer-provisioner-ansible{}", folder,
                             context.random.below(9'000'000'000) + 1'000'000'000)));
    const std::string text = TRY(inventory_text(config_, target, context));
    TRY(io::write_file(file.path(), text, 0600));
    return file;
  }

  Result<void> run_all(BuildContext& context, const Target& target, const std::string& inventory,
                       Bridge* bridge) {
    if (!config_.galaxy_file.empty()) {
      const std::string text =
          TRY(io::read_file(resolve_path(context, config_.galaxy_file), 4U << 20));
      for (const std::vector<std::string>& command : galaxy_commands(config_, text)) {
        context.ui.message("Executing Ansible Galaxy");
        TRY(run_program(context, command, kGalaxyTime, nullptr));
      }
    }
    const std::vector<std::string> command =
        playbook_command(config_, target, context, inventory);
    context.ui.say(fmt::format("Executing Ansible: {}", fmt::join(command, " ")));
    const Result<void> done = run_program(context, command, kPlaybookTime, bridge);
    if (!done && done.error().code != ErrorCode::Cancelled) {
      return done.error().within("Error executing Ansible");
    }
    return done;
  }

  /// While the program runs on a thread of its own, this one serves `bridge`; only that thread
  /// talks to the user meanwhile.
  Result<void> run_program(BuildContext& context, const std::vector<std::string>& command,
                           Duration deadline, Bridge* bridge) const {
    OutputLines out([&](std::string_view line) { context.ui.message(line); });
    OutputLines errors([&](std::string_view line) { context.ui.message(line); });
    io::RunOptions run;
    run.spawn.argv = command;
    run.spawn.environment = environment_;
    run.spawn.directory = context.working_directory;
    run.spawn.own_process_group = true;
    run.on_stdout = [&](std::string_view bytes) { out.feed(bytes); };
    run.on_stderr = [&](std::string_view bytes) { errors.feed(bytes); };
    run.deadline = deadline;
    std::optional<Result<io::Finished>> finished;
    if (bridge == nullptr) {
      finished = io::run_program(run, context.cancel);
    } else {
      std::thread player([&] {
        finished = io::run_program(run, context.cancel);
        bridge->stop();
      });
      bridge->serve(context);
      player.join();
    }
    out.finish();
    errors.finish();
    if (!*finished) return std::move(*finished).error();
    const io::ExitStatus& status = (*finished)->status;
    if (status.success()) return {};
    return invalid_input("Non-zero exit status: " + status.text());
  }

  // Ansible leaves its ssh masters running for a minute.
  static void end_ssh_masters(const std::string& folder) {
    const CancelToken never;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      io::RunOptions run;
      run.spawn.argv = {"ssh", "-O", "exit", "-o", "ControlPath=" + entry.path().string(), "farm"};
      run.deadline = std::chrono::seconds(5);
      (void)io::run_program(run, never);
    }
  }

  Config config_;
  std::map<std::string, std::string> environment_;
  std::string directory_;  // private to this run
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("ansible", [] { return std::make_unique<Ansible>(); });
}

}  // namespace farm::builders::provisioner_ansible
