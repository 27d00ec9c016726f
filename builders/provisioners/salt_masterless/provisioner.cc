#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/provisioners/salt_masterless/config.h"
#include "builders/staging/guest.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::provisioner_salt_masterless {
namespace {

using staging::Guest;
using staging::GuestOs;

struct SystemPaths {
  const char* bootstrap;
  const char* temporary;
  const char* config;
  const char* states;
  const char* pillar;
};
constexpr SystemPaths kUnix = {"/tmp/install_salt.sh", "/tmp/salt", "/etc/salt", "/srv/salt",
                               "/srv/pillar"};
constexpr SystemPaths kWindows = {"C:/Windows/Temp/bootstrap-salt.ps1", "C:/Windows/Temp/salt",
                                  "C:/salt/conf", "C:/salt/state", "C:/salt/pillar"};

constexpr auto kCloneTime = std::chrono::minutes(15);

class SaltMasterless final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    const GuestOs os = staging::guest_os(config_.guest_os_type, context);
    paths_ = os == GuestOs::Windows ? kWindows : kUnix;
    const auto pick = [](const std::string& given, const char* other) {
      return given.empty() ? std::string(other) : given;
    };
    temporary_ = pick(config_.temp_config_dir, paths_.temporary);
    while (temporary_.size() > 1 && temporary_.ends_with('/')) temporary_.pop_back();
    states_ = pick(config_.remote_state_tree, paths_.states);
    pillar_ = pick(config_.remote_pillar_roots, paths_.pillar);
    const Guest guest = TRY(Guest::of(context, {.os = os, .sudo = !config_.disable_sudo}));
    context.ui.say("Provisioning with Salt...");
    if (!config_.skip_bootstrap) TRY(bootstrap(context, guest));
    context.ui.message("Creating remote temporary directory: " + temporary_);
    TRY(guest.make_directory(temporary_));
    if (!config_.disable_sudo && !guest.windows()) {
      // Uploads come as the login user.
      TRY(guest.run_checked("Unable to hand over " + temporary_,
                            guest.privileged("chown \"$(id -u)\" " + guest.quote(temporary_))));
    }
    TRY(place_configuration(context, guest));
    context.ui.message("Uploading local state tree: " + config_.local_state_tree);
    TRY(place_tree(context, guest, config_.local_state_tree, "states", states_));
    if (!config_.local_pillar_roots.empty()) {
      context.ui.message("Uploading local pillar roots: " + config_.local_pillar_roots);
      TRY(place_tree(context, guest, config_.local_pillar_roots, "pillar", pillar_));
    }
    for (const Formula& formula : config_.formulas) TRY(place_formula(context, guest, formula));
    return call(context, guest);
  }

 private:
  Result<void> bootstrap(BuildContext& context, const Guest& guest) {
    const std::string script = paths_.bootstrap;
    std::string fetch;
    std::string install;
    if (guest.windows()) {
      fetch = "powershell Invoke-WebRequest -Uri 'https://winbootstrap.saltstack.com' -OutFile '" +
              script + "'";
      install = fmt::format("powershell {} {}", script, config_.bootstrap_args);
    } else {
      const char* source = "https://bootstrap.saltstack.com";
      fetch = fmt::format("curl -L {0} -o {1} || wget -O {1} {0}", source, script);
      install = guest.privileged(fmt::format("sh {} {}", script, config_.bootstrap_args));
    }
    context.ui.message("Downloading saltstack bootstrap to " + script);
    TRY(guest.run_checked("Unable to download Salt", fetch));
    context.ui.message("Installing Salt with command " + install);
    return guest.run_checked("Unable to install Salt", install);
  }

  Result<void> place_configuration(BuildContext& context, const Guest& guest) {
    const auto place = [&](const std::string& local, const char* what,
                           const char* name) -> Result<void> {
      if (local.empty()) return {};
      context.ui.message(fmt::format("Uploading {}: {}", what, local));
      const std::string staged = temporary_ + "/" + name;
      TRY(guest.upload_file(local, staged));
      context.ui.message(fmt::format("Make sure directory {} exists", paths_.config));
      TRY(guest.make_directory(paths_.config));
      return move(context, guest, staged, std::string(paths_.config) + "/" + name);
    };
    TRY(place(config_.minion_config, "minion config", "minion"));
    return place(config_.grains_file, "grains file", "grains");
  }

  // What was there before goes: a tree is replaced, not mixed.
  Result<void> place_tree(BuildContext& context, const Guest& guest, const std::string& local,
                          const char* name, const std::string& remote) {
    const std::string staged = temporary_ + "/" + name;
    const Guest plain = TRY(Guest::of(
        context, {.os = guest.windows() ? GuestOs::Windows : GuestOs::Unix}));
    TRY(guest.remove_directory(staged));
    TRY(plain.upload_contents(local, staged));
    TRY(guest.remove_directory(remote));
    const std::string parent = io::parent_path(remote);
    if (parent != "." && parent != "/") TRY(guest.make_directory(parent));
    return move(context, guest, staged, remote);
  }

  Result<void> move(BuildContext& context, const Guest& guest, const std::string& from,
                    const std::string& to) {
    context.ui.message(fmt::format("Moving {} to {}", from, to));
    const std::string doing = fmt::format("Unable to move {} to {}", from, to);
    if (guest.windows()) {
      return guest.run_checked(
          doing, fmt::format("powershell.exe -Command \"Move-Item '{}' '{}' -Force\"", from, to));
    }
    return guest.run_checked(
        doing, guest.privileged(fmt::format("mv {} {}", guest.quote(from), guest.quote(to))));
  }

  Result<void> place_formula(BuildContext& context, const Guest& guest, const Formula& formula) {
    context.ui.message(fmt::format("Fetching formula {} of {}", formula.folder,
                                   formula.repository));
    const io::TempDirectory clone =
        TRY(io::TempDirectory::create(context.temp_directory, "formula-"));
    io::RunOptions git;
    git.spawn.argv = {"git", "clone", "--quiet", "--depth", "1"};
    if (!formula.reference.empty()) {
      git.spawn.argv.insert(git.spawn.argv.end(), {"--branch", formula.reference});
    }
    git.spawn.argv.insert(git.spawn.argv.end(), {"--", formula.repository, clone.path() + "/x"});
    git.spawn.environment = context.environment.all();
    git.spawn.environment->insert_or_assign("GIT_TERMINAL_PROMPT", "0");
    git.spawn.directory = context.working_directory;
    git.deadline = kCloneTime;
    const Result<io::Finished> cloned = io::run_program_checked(git, context.cancel);
    if (!cloned) return cloned.error().within("formula " + formula.repository);
    const std::string folder = clone.path() + "/x/" + formula.folder;
    if (!io::is_directory(folder)) {
      return not_found(fmt::format("formula {}: there is no folder {}", formula.repository,
                                   formula.folder));
    }
    const std::string name = io::base_name(formula.folder);
    return place_tree(context, guest, folder, "formula", states_ + "/" + name);
  }

  Result<void> call(BuildContext& context, const Guest& guest) {
    std::string program = "salt-call";
    if (!config_.salt_bin_dir.empty()) {
      program = config_.salt_bin_dir + (config_.salt_bin_dir.ends_with('/') ? "" : "/") + program;
    }
    if (guest.windows()) {
      for (const char* refresh : {"winrepo.update_git_repos", "pkg.refresh_db"}) {
        context.ui.message(fmt::format("Running salt-call --local {}", refresh));
        TRY(guest.run_checked(fmt::format("Error executing salt-call --local {}", refresh),
                              fmt::format("{} --local {}", program, refresh)));
      }
    }
    std::string arguments = config_.custom_state.empty() || config_.custom_state == "highstate"
                                ? " state.highstate"
                                : " state.sls " + config_.custom_state;
    // With a minion configuration of the user's, the trees are what that says.
    if (config_.minion_config.empty()) {
      arguments += fmt::format(" --file-root={} --pillar-root={}", states_, pillar_);
    }
    if (!config_.no_exit_on_failure) arguments += " --retcode-passthrough";
    arguments += " -l " + config_.log_level;
    if (!config_.salt_call_args.empty()) arguments += " " + config_.salt_call_args;
    context.ui.message("Running: salt-call --local" + arguments);
    return guest.run_checked("Error executing salt-call",
                             guest.privileged(program + " --local" + arguments));
  }

  Config config_;
  SystemPaths paths_ = kUnix;
  std::string temporary_;
  std::string states_;
  std::string pillar_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("salt-masterless", [] { return std::make_unique<SaltMasterless>(); });
}

}  // namespace farm::builders::provisioner_salt_masterless
