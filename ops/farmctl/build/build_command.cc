#include "ops/farmctl/build/build_command.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <set>
#include <unistd.h>

#include "agent/runner/runner.h"
#include "builders/core/schema/catalog.h"
#include "builders/external/components.h"
#include "common/base/log.h"
#include "common/io/files.h"
#include "ops/farmctl/build/build_run.h"
#include "ops/farmctl/build/journal_keeper.h"
#include "ops/farmctl/common/component_check.h"
#include "ops/farmctl/common/output.h"
#include "ops/farmctl/common/plan_session.h"
#include "ops/farmctl/common/state_directory.h"

namespace farm::farmctl {
namespace {

constexpr int kSuccess = 0;
constexpr int kFailure = 1;

const std::vector<Flag>& build_flags() {
  static const std::vector<Flag> flags = with_template_flags({
      {"color", FlagKind::Setting, "colours on a terminal (default true)"},
      {"debug", FlagKind::Switch, "one build at a time, a pause before each step"},
      {"force", FlagKind::Switch, "overwrite or delete artifacts that exist"},
      {"on-error", FlagKind::Text,
       "cleanup (default), abort, ask or run-cleanup-provisioner: what a failed step leads to"},
      {"parallel-builds", FlagKind::Number, "how many builds run at once; 0 means no limit"},
      {"timestamp-ui", FlagKind::Switch, "the local time before each line"},
      {"warn-on-undeclared-var", FlagKind::Switch,
       "warn of names in var files that are not declared"},
      {"ignore-prerelease-plugins", FlagKind::Switch, "no effect: components are built in"},
      {"use-sequential-evaluation", FlagKind::Switch,
       "no effect: locals and data sources are always evaluated by what they need"},
      {"skip-enforcement", FlagKind::Switch, "no effect: there is no HCP registry"},
      {"state", FlagKind::Text, "directory for ledgers and journals of runs"},
  });
  return flags;
}

std::string current_directory() {
  char path[4096];
  return ::getcwd(path, sizeof path) == nullptr ? "." : path;
}

// PACKER_LOG: anything but "" and "0" turns our log on, PACKER_LOG_PATH sends it to a file.
void configure_log(const Environment& environment) {
  const std::string wanted = environment.get_or("PACKER_LOG", "");
  const bool on = !wanted.empty() && wanted != "0";
  log::configure(on ? log::Level::Debug : log::Level::Warn, log::Format::Logfmt);
  const std::string path = environment.get_or("PACKER_LOG_PATH", "");
  if (on && !path.empty() && !log::to_file(path)) {
    log::warn("PACKER_LOG_PATH cannot be opened", {{"path", path}});
  }
}

std::string cache_directory(const Environment& environment, const std::string& cwd) {
  const std::string given = environment.get_or("PACKER_CACHE_DIR", "");
  if (!given.empty()) return io::join_path(cwd, given);
  const std::string xdg = environment.get_or("XDG_CACHE_HOME", "");
  if (!xdg.empty()) return xdg + "/packer";
  return environment.get_or("HOME", cwd) + "/.cache/packer";
}

agent::ZygoteOptions zygote_options(const std::string& cache) {
  // One registry, filled in the zygote: every runner is forked with it.
  static builders::Registry registry;
  static agent::RunnerOptions options;
  options = {cache, agent::Durability::Volatile};
  agent::ZygoteOptions zygote;
  zygote.warm_up = [] {
    builders::register_all_components(registry);
    const Environment environment = Environment::of_process();
    builders::external::register_plugins(registry,
                                         builders::external::user_plugins(environment).plugins);
  };
  zygote.runner_main = [](const std::string& directory, agent::ControlChannel control) {
    return agent::run_lease(directory, std::move(control), options, registry,
                            builders::component_catalog());
  };
  zygote.on_supervisor_death = agent::OnSupervisorDeath::RunnersEnd;
  return zygote;
}

void block_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

class BuildCommand {
 public:
  BuildCommand(const Environment& environment, const Clock& clock, Output& output)
      : environment_(environment), clock_(clock), output_(output), cwd_(current_directory()) {}

  int run(const std::vector<std::string>& arguments) {
    const Result<ParsedFlags> flags = parse_flags(build_flags(), arguments);
    const std::string help =
        usage("build", "TEMPLATE", "Builds the images of a template on this machine.",
              build_flags());
    if (!flags) return fail(flags.error().message + "\n\n" + help);
    if (flags->on("help")) {
      output_.say(help);
      return kSuccess;
    }
    if (flags->arguments().size() != 1) return fail(help);
    if (!read_settings(*flags)) return kFailure;
    Result<templates::LoadOptions> options = load_options(*flags, flags->arguments()[0]);
    if (!options) return fail("Error: " + options.error().message);
    options->warn_undeclared = flags->on("warn-on-undeclared-var");

    const std::string state = state_directory(flags->text("state"), environment_);
    Result<RunDirectory> directory = RunDirectory::create(io::join_path(cwd_, state), random_);
    if (!directory) return fail("Error: " + directory.error().message);
    const int code = run_in(*directory, io::join_path(cwd_, state), *flags, *options);
    const Result<void> removed = directory->remove();
    if (!removed) log::warn("run not removed", {{"error", removed.error().message}});
    merge_journals_later(io::join_path(cwd_, state));
    return code;
  }

 private:
  int fail(const std::string& text) {
    output_.error(text);
    return kFailure;
  }

  bool read_settings(const ParsedFlags& flags) {
    const std::string on_error = flags.text("on-error");
    const std::set<std::string> known = {"", "cleanup", "abort", "ask", "run-cleanup-provisioner"};
    if (!known.contains(on_error)) {
      fail("invalid value \"" + on_error +
           "\" for flag -on-error: expected \"cleanup\", \"abort\", \"ask\" or "
           "\"run-cleanup-provisioner\"");
      return false;
    }
    if (!on_error.empty()) settings_.on_error = on_error;
    settings_.force = flags.on("force");
    settings_.debug = flags.on("debug");
    settings_.may_ask = ::isatty(STDIN_FILENO) == 1 && !output_.settings().machine_readable;
    const int64_t parallel = flags.number("parallel-builds");
    settings_.parallel =
        parallel < 1 ? 0 : static_cast<uint32_t>(std::min<int64_t>(parallel, 100'000));
    settings_.working_directory = cwd_;
    settings_.run_uuid = uuid_v4(random_);
    return true;
  }

  int run_in(const RunDirectory& directory, const std::string& state, const ParsedFlags& flags,
             const templates::LoadOptions& options) {
    Result<agent::Zygote> zygote =
        agent::Zygote::fork_off(zygote_options(cache_directory(environment_, cwd_)));
    if (!zygote) return fail("Error: " + zygote.error().message);
    for (const std::string& note : sweep_dead_runs(state, directory.leases())) {
      output_.say("Warning: " + note);
    }

    (void)builders::external::user_plugins(environment_);  // into the catalog
    PlanSession session(environment_, cwd_, clock_.wall());
    bool all_planned = true;
    const std::optional<plan::Plan> plan = make_plan(session, flags, options, all_planned);
    if (!plan) return kFailure;
    if (settings_.debug) {
      output_.say("Debug mode enabled. Builds will not be parallelized.");
    }
    settings_.state = state;
    // From here on Ctrl-C cancels builds instead of this program; the zygote was forked without
    // the mask, so runners still hear their SIGTERM.
    block_signals();
    std::fflush(stdout);
    const std::unique_ptr<BuildOutput> lines = build_output(flags);
    const Result<bool> done = run_builds(*plan, settings_, directory, *std::move(zygote),
                                         {clock_, random_, *lines});
    lines->flush();
    if (!done) return fail("Error: " + done.error().message);
    return *done && all_planned ? kSuccess : kFailure;
  }

  // Builds whose own preparation fails do not stop the others; anything else does.
  std::optional<plan::Plan> make_plan(PlanSession& session, const ParsedFlags& flags,
                                      const templates::LoadOptions& options, bool& all_planned) {
    Diagnostics found = session.load(options, plan::CatalogDataSources::Mode::Ask);
    std::optional<plan::PlannedJobs> planned;
    if (session.loaded() != nullptr && !found.has_errors()) {
      plan::PlanOptions planning = plan_options(flags);
      planning.require_built_in = true;
      planning.component_check = [&](const plan::JobSpec& job, const plan::ComponentPlaces& places,
                                     Diagnostics& diagnostics) {
        check_components(job, places,
                         {environment_, cwd_, random_, clock_.wall(), settings_.force,
                          !settings_.may_ask},
                         diagnostics);
      };
      planned = session.plan_jobs(std::move(planning), settings_.force);
      found.append(std::move(planned->diagnostics));
    }
    if (session.loaded() != nullptr) output_.hide(session.loaded()->sensitive);
    output_.diagnostics(found, session.texts());
    if (!planned || !planned->usable) return std::nullopt;
    all_planned = planned->refused.empty();
    std::erase_if(planned->plan.jobs, [&](const plan::JobSpec& job) {
      return planned->refused.contains(job.display_name);
    });
    if (!planned->plan.jobs.empty()) return std::move(planned->plan);
    if (all_planned) output_.error("Error: No builds to run");
    return std::nullopt;
  }

  std::unique_ptr<BuildOutput> build_output(const ParsedFlags& flags) const {
    OutputOptions options;
    options.clock = &clock_;
    options.timestamps = flags.on("timestamp-ui");
    options.color = output_.settings().color && flags.setting("color");
    options.progress = output_.settings().terminal;
    return output_.settings().machine_readable ? machine_output(options) : human_output(options);
  }

  const Environment& environment_;
  const Clock& clock_;
  Output& output_;
  std::string cwd_;
  SystemRandom random_;
  BuildSettings settings_;
};

}  // namespace

int run_build_command(std::vector<std::string> words, const Environment& environment,
                      const Clock& clock) {
  configure_log(environment);
  const auto machine = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word == "-machine-readable" || word == "--machine-readable";
  });
  const bool machine_readable = machine != words.end();
  if (machine_readable) words.erase(machine);
  Output output(Output::settings(environment, machine_readable), clock);
  if (words.empty() || words.front() != "build") {
    output.error("farmctl-build is run by `farmctl build`; it has no other use.");
    return kFailure;
  }
  words.erase(words.begin());
  return BuildCommand(environment, clock, output).run(words);
}

}  // namespace farm::farmctl
