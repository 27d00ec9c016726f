#include "agent/runner/runner.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <exception>
#include <fcntl.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ledger/file_ledger.h"
#include "agent/ledger/sweep.h"
#include "agent/runner/component_setup.h"
#include "agent/runner/post_processing.h"
#include "agent/runner/provision_hook.h"
#include "agent/runner/reap.h"
#include "agent/runner/redactor.h"
#include "agent/runner/spool_ui.h"
#include "agent/runner/survey.h"
#include "agent/upload/file_digests.h"
#include "common/artifact/manifest.h"
#include "common/base/fault_point.h"
#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

const CancelToken* g_cancel = nullptr;

void on_signal(int) {
  if (g_cancel != nullptr) g_cancel->cancel();
}

void handle_signals(const CancelToken& cancel) {
  g_cancel = &cancel;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

builders::OnError on_error_of(const std::string& name) {
  if (name == "abort") return builders::OnError::Abort;
  if (name == "ask") return builders::OnError::Ask;
  if (name == "run-cleanup-provisioner") return builders::OnError::RunCleanupProvisioner;
  return builders::OnError::Cleanup;
}

// The files of an artifact as they stand; their digests are taken when they are uploaded.
wire::ArtifactRecord record_of(const artifact::Artifact& artifact, const std::string& directory) {
  wire::ArtifactRecord record{artifact.builder_id, artifact.id, artifact.text, {}};
  for (const std::string& path : artifact.files) {
    wire::FileRecord file;
    file.path = path;
    file.size = io::file_size(io::join_path(directory, path)).value_or(0);
    record.files.push_back(std::move(file));
  }
  return record;
}

struct BuildOutcome {
  std::vector<artifact::Artifact> artifacts;
  std::optional<Error> error;
};

class LeaseRun {
 public:
  LeaseRun(LeaseDirectory lease, ControlChannel control, const RunnerOptions& options,
           const builders::Registry& registry, const plan::ComponentCatalog& catalog,
           wire::Offer offer)
      : lease_(std::move(lease)),
        control_(std::move(control)),
        options_(options),
        registry_(registry),
        catalog_(catalog),
        offer_(std::move(offer)),
        redactors_{Redactor(offer_.sensitive)} {}

  Result<void> run() {
    const Instant start = clock_.now();
    handle_signals(cancel_);
    SpoolUi ui = TRY(SpoolUi::open(lease_.log(), redactor(), control_, clock_));
    ui_ = &ui;
    BuildOutcome outcome = build();
    wire::JobResult result = result_of(outcome);
    if (!offer_.options.in_place) take_digests(result);
    result.elapsed = clock_.now() - start;
    result.log_bytes = ui.bytes();
    if (left_standing_) TRY(lease_.mark_kept());
    fault_point("runner.result.before");
    TRY(lease_.write_result(result, options_.durability));
    fault_point("runner.result.after");
    return {};
  }

 private:
  BuildOutcome build() {
    phase(wire::Phase::Preparing, "prepare");
    Result<plan::JobSpec> job = plan::decode_job(offer_.spec);
    if (!job) return failed(std::move(job).error().within("job"));
    Result<void> placed = enter_directories();
    if (!placed) return failed(std::move(placed).error());
    const ComponentSetup setup{registry_,           catalog_, job->render,
                               environment_,        clock_,   random_,
                               working_directory_,  offer_.options.force};
    Result<std::unique_ptr<builders::Builder>> builder = set_up_builder(setup, job->builder);
    Result<void> prepared = builder ? check_components(setup, *job)
                                    : Result<void>(std::move(builder).error());
    if (!prepared) return failed(std::move(prepared).error().within("Failed to prepare build"));
    Result<FileLedger> ledger = FileLedger::open(lease_.ledger());
    if (!ledger) return failed(std::move(ledger).error());
    return run_components(setup, *job, **builder, *ledger);
  }

  // Everything that can be seen to be wrong before a machine exists.
  Result<void> check_components(const ComponentSetup& setup, const plan::JobSpec& job) {
    const auto named = [](Error error, const plan::ComponentSpec& spec, const char* kind) {
      return std::move(error).within(std::string(kind) + " \"" + spec.type + "\"");
    };
    const auto check_provisioner = [&](const plan::ProvisionerSpec& spec) -> Result<void> {
      auto made = set_up_provisioner(setup, spec.component, nullptr);
      if (!made) return named(std::move(made).error(), spec.component, "provisioner");
      return {};
    };
    for (const plan::ProvisionerSpec& spec : job.provisioners) TRY(check_provisioner(spec));
    if (job.error_cleanup) TRY(check_provisioner(*job.error_cleanup));
    for (const auto& sequence : job.post_processors) {
      for (const plan::PostProcessorSpec& spec : sequence) {
        auto made = set_up_post_processor(setup, spec.component, nullptr);
        if (!made) return named(std::move(made).error(), spec.component, "post-processor");
      }
    }
    return {};
  }

  BuildOutcome run_components(const ComponentSetup& setup, const plan::JobSpec& job,
                              builders::Builder& builder, FileLedger& ledger) {
    const StepObserver observer = [this](std::string_view step) {
      ui_->step(step);
      phase(wire::Phase::Running, step);
    };
    const ProvisionHook hook(job, setup, observer);
    builders::BuildContext context{.ui = *ui_,
                                   .ledger = ledger,
                                   .clock = clock_,
                                   .random = random_,
                                   .environment = environment_,
                                   .cancel = cancel_,
                                   .render = job.render,
                                   .working_directory = working_directory_,
                                   .temp_directory = lease_.temp(),
                                   .cache_directory = options_.cache_directory,
                                   .run_uuid = offer_.options.run_uuid,
                                   .force = offer_.options.force,
                                   .debug = offer_.options.debug,
                                   .on_error = on_error_of(offer_.options.on_error),
                                   .provision = {},
                                   .error_cleanup = {},
                                   .ask = {},
                                   .communicator = nullptr,
                                   .http_ip = {},
                                   .instance_id = {},
                                   .guest_host = {},
                                   .ssh_public_key = {},
                                   .ssh_private_key = {},
                                   .generated = {},
                                   .failure = std::nullopt};
    context.provision = [this, &hook](builders::BuildContext& c) {
      hide_generated(c);
      return hook.run(c);
    };
    context.error_cleanup = [&hook](builders::BuildContext& c, const Error& original) {
      return hook.run_error_cleanup(c, original);
    };
    // Only a build in place has a person beside it.
    const bool breakpoints = offer_.options.in_place && has_breakpoint(job);
    if (context.debug || context.on_error == builders::OnError::Ask || breakpoints) {
      context.ask = [this](const std::string& prompt) { return ask(prompt); };
    }
    phase(wire::Phase::Running, job.builder.type);
    Result<std::optional<artifact::Artifact>> built = builder.run(context);
    if (!built) {
      left_standing_ = aborted_ || context.on_error == builders::OnError::Abort ||
                       context.on_error == builders::OnError::RunCleanupProvisioner;
      return failed(std::move(built).error());
    }
    if (cancel_.cancelled()) return failed(cancelled("Build was cancelled."));
    if (!*built) return {std::move(context.attachments), std::nullopt};
    PostProcessingOutcome processed =
        run_post_processors(context, job, setup, observer, **std::move(built));
    read_manifest(job, setup, generated_values(context));
    std::move(context.attachments.begin(), context.attachments.end(),
              std::back_inserter(processed.artifacts));
    return {std::move(processed.artifacts), std::move(processed.error)};
  }

  static bool has_breakpoint(const plan::JobSpec& job) {
    return std::any_of(job.provisioners.begin(), job.provisioners.end(),
                       [](const plan::ProvisionerSpec& spec) {
                         return spec.component.type == "breakpoint";
                       });
  }

  // Passwords and keys that steps made are secrets like those of the template.
  void hide_generated(const builders::BuildContext& context) {
    std::vector<std::string> secrets = offer_.sensitive;
    for (const auto& [name, value] : generated_values(context)) {
      value::collect_sensitive_strings(value, secrets);
    }
    if (secrets.size() == offer_.sensitive.size()) return;
    redactors_.emplace_back(secrets);
    ui_->use(redactors_.back());
  }

  Result<void> enter_directories() {
    const wire::RunOptions& run = offer_.options;
    working_directory_ = run.in_place ? run.working_directory
                                      : io::join_path(lease_.work(), run.working_directory);
    if (::chdir(working_directory_.c_str()) != 0) {
      return system_error("working directory " + working_directory_, errno);
    }
    if (::mkdir(lease_.temp().c_str(), 0700) != 0 && errno != EEXIST) {
      return system_error("create " + lease_.temp(), errno);
    }
    // In the process, so that every child inherits them, and in the value that components see.
    ::setenv(kLeaseVariable, lease_.name().c_str(), 1);
    if (!run.run_uuid.empty()) ::setenv("PACKER_RUN_UUID", run.run_uuid.c_str(), 1);
    if (!offer_.node.empty()) ::setenv("FARM_NODE", offer_.node.c_str(), 1);
    environment_ = Environment::of_process();
    return {};
  }

  // On a farm the job's manifest travels in the result; in place it is where the user wants it.
  void read_manifest(const plan::JobSpec& job, const ComponentSetup& setup,
                     const GeneratedValues& generated) {
    if (offer_.options.in_place) return;
    for (const auto& sequence : job.post_processors) {
      for (const plan::PostProcessorSpec& spec : sequence) {
        if (spec.component.type != "manifest") continue;
        const std::string path = manifest_path(setup, spec.component, generated);
        Result<std::string> text = io::read_file(path, 4U << 20);
        if (text) manifest_ = *std::move(text);
      }
    }
  }

  std::string manifest_path(const ComponentSetup& setup, const plan::ComponentSpec& spec,
                            const GeneratedValues& generated) const {
    std::string output = "packer-manifest.json";
    const Result<value::Value> config =
        component_config(setup, plan::ComponentKind::PostProcessor, spec, &generated);
    if (config && config->type().kind() == value::Kind::Object) {
      const value::Value* given = config->get("output");
      if (given != nullptr && !given->is_null() && given->is_known() &&
          given->type().kind() == value::Kind::String) {
        output = given->as_string();
      }
    }
    return io::join_path(working_directory_, output);
  }

  char ask(const std::string& prompt) {
    if (!control_.open()) return 'c';
    const Result<std::string> answer = control_.ask(ui_->redact(prompt), cancel_);
    if (!answer) return 'c';
    const char letter = answer->empty() ? 'c' : (*answer)[0];
    if (letter == 'a') aborted_ = true;
    if (letter == 'r') aborted_ = false;
    return letter;
  }

  void phase(wire::Phase phase, std::string_view step) {
    const std::string line = event_line({offer_.ref, phase, std::string(step)});
    if (!events_.valid()) {
      Result<io::Fd> file = io::open_file(lease_.events(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      if (!file) return log::warn("events file", {{"error", file.error().message}});
      events_ = *std::move(file);
    }
    const Result<void> written = io::write_all(events_.get(), line);
    if (!written) log::warn("events file", {{"error", written.error().message}});
    // A closed channel means only that nobody is awake to be woken.
    if (control_.open() && !control_.send({ControlMessage::Kind::Wake, {}})) control_.close();
  }

  // Names of files and builds say where things are and stay as they are, though a password be part
  // of them by chance ("packer"); what the template's author put in may hold a secret.
  std::string redacted_manifest() const {
    if (manifest_.empty() || redactor().empty()) return manifest_;
    Result<artifact::Manifest> manifest = artifact::parse_manifest(manifest_);
    if (!manifest) return redactor().redact(manifest_);
    for (artifact::ManifestBuild& build : manifest->builds) {
      if (!build.custom_data) continue;
      for (auto& [name, value] : *build.custom_data) value = redactor().redact(value);
    }
    return artifact::manifest_text(*manifest);
  }

  wire::JobResult result_of(const BuildOutcome& outcome) const {
    wire::JobResult result;
    result.ref = offer_.ref;
    result.outcome = wire::Outcome::Succeeded;
    result.manifest = redacted_manifest();
    if (outcome.error) {
      result.error = *outcome.error;
      result.error.message = redactor().redact(result.error.message);
      const bool by_user = cancel_.cancelled() || result.error.code == ErrorCode::Cancelled;
      result.outcome = by_user ? wire::Outcome::Cancelled : wire::Outcome::Failed;
    }
    for (const artifact::Artifact& artifact : outcome.artifacts) {
      wire::ArtifactRecord record = record_of(artifact, working_directory_);
      record.text = redactor().redact(record.text);
      result.artifacts.push_back(std::move(record));
    }
    return result;
  }

  // What the agent uploads is hashed here, where nobody's heartbeat waits for it.
  void take_digests(wire::JobResult& result) {
    if (result.outcome != wire::Outcome::Succeeded) return;
    phase(wire::Phase::Uploading, "digest");
    for (wire::ArtifactRecord& artifact : result.artifacts) {
      for (wire::FileRecord& file : artifact.files) {
        const Result<void> taken = take_digest(file);
        if (taken) continue;
        result.outcome = wire::Outcome::Failed;
        result.error = taken.error().within("artifact file " + file.path);
        return;
      }
    }
  }

  Result<void> take_digest(wire::FileRecord& file) {
    const std::string path = io::join_path(working_directory_, file.path);
    const FileDigests digests = TRY(hash_for_upload(path, cancel_));
    TRY(save_digests(lease_, digests));
    file.size = digests.size;
    file.sha256 = digests.sha256;
    return {};
  }

  const Redactor& redactor() const { return redactors_.back(); }

  static BuildOutcome failed(Error error) { return {{}, std::move(error)}; }

  LeaseDirectory lease_;
  ControlChannel control_;
  const RunnerOptions& options_;
  const builders::Registry& registry_;
  const plan::ComponentCatalog& catalog_;
  wire::Offer offer_;
  std::deque<Redactor> redactors_;  // the last one counts; the others may be in use still
  SystemClock clock_;
  SystemRandom random_;
  CancelToken cancel_;
  Environment environment_;
  std::string working_directory_;
  std::string manifest_;
  io::Fd events_;
  SpoolUi* ui_ = nullptr;
  bool aborted_ = false;        // a person chose to leave the machine as it is
  bool left_standing_ = false;  // something was left as it is: nothing is swept
};

Result<void> run(const std::string& directory, ControlChannel control,
                 const RunnerOptions& options, const builders::Registry& registry,
                 const plan::ComponentCatalog& catalog) {
  LeaseDirectory lease(directory);
  wire::Offer offer = TRY(lease.offer());
  LeaseRun lease_run(std::move(lease), std::move(control), options, registry, catalog,
                     std::move(offer));
  return lease_run.run();
}

}  // namespace

int run_lease(const std::string& directory, ControlChannel control, const RunnerOptions& options,
              const builders::Registry& registry, const plan::ComponentCatalog& catalog) {
  try {
    if (is_survey(directory)) return run_survey(directory, registry);
    if (const LeaseDirectory lease(directory); lease.reaping()) {
      return reap_lease(lease, std::move(control), registry, catalog);
    }
    const Result<void> done = run(directory, std::move(control), options, registry, catalog);
    if (done) return 0;
    log::error("runner failed", {{"lease", directory}, {"error", done.error().message}});
  } catch (const std::exception& exception) {
    log::error("runner threw", {{"lease", directory}, {"error", exception.what()}});
  }
  return 1;
}

}  // namespace farm::agent
