// farmctl submit: plan here, send what the template needs, follow the build (or --detach).
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>

#include "builders/external/catalog/plugin_folder.h"
#include "ops/farmctl/client/bundle_upload.h"
#include "ops/farmctl/client/client.h"
#include "ops/farmctl/client/follow.h"
#include "ops/farmctl/client/plan_handover.h"
#include "ops/farmctl/view/table.h"
#include "ops/farmctl/common/farm_components.h"
#include "ops/farmctl/common/plan_session.h"

namespace farm::farmctl {
namespace {

using nlohmann::json;

std::vector<Flag> submit_flags() {
  return client_flags(with_template_flags({
      {"detach", FlagKind::Switch, "return as soon as the farm has the build"},
      {"force", FlagKind::Switch, "overwrite existing artifacts"},
      {"on-error", FlagKind::Text, "cleanup (default), abort or run-cleanup-provisioner"},
      {"parallel-builds", FlagKind::Number, "jobs of this build that run at once; 0: no limit"},
      {"label", FlagKind::List, "key=value that an agent must have; may be repeated"},
      {"debug", FlagKind::Switch, "not on a farm: there is no terminal to wait for"},
      {"timestamp-ui", FlagKind::Switch, "time before each line"},
      {"color", FlagKind::Setting, "colors on a terminal"},
  }));
}

Result<void> check_flags(const ParsedFlags& flags) {
  const std::string on_error = flags.text("on-error");
  if (on_error == "ask" || flags.on("debug")) {
    return invalid_input(std::string(on_error == "ask" ? "-on-error=ask" : "-debug") +
                         " needs a terminal beside the build; use farmctl build");
  }
  static const std::set<std::string> kKnown = {"", "cleanup", "abort", "run-cleanup-provisioner"};
  if (!kKnown.contains(on_error)) {
    return invalid_input("-on-error must be cleanup, abort or run-cleanup-provisioner, not `" +
                         on_error + "`");
  }
  for (const std::string& label : flags.list("label")) {
    if (label.find('=') == std::string::npos) {
      return invalid_input("--label needs key=value, not `" + label + "`");
    }
  }
  return {};
}

wire::Submit make_submit(const Client& client, const ParsedFlags& flags, const plan::Plan& plan,
                         const Bundle& bundle, Random& random) {
  wire::Submit submit;
  submit.request = RequestId::random(random);
  submit.template_name = plan.template_name;
  submit.submitter = client.environment.get_or("USER", "");
  for (const plan::JobSpec& job : plan.jobs) {
    submit.jobs.push_back({job.display_name, plan::encode_job(job), flags.list("label")});
  }
  for (const BundledFile& file : bundle.files) submit.bundle.push_back(file.record);
  submit.options.force = flags.on("force");
  const std::string on_error = flags.text("on-error");
  submit.options.on_error = on_error.empty() ? "cleanup" : on_error;
  submit.options.run_uuid = uuid_v4(random);
  submit.options.working_directory = bundle.working_directory;
  submit.sensitive = plan.sensitive;
  submit.parallel = static_cast<uint32_t>(std::max<int64_t>(0, flags.number("parallel-builds")));
  return submit;
}

std::string artifact_line(const json& job) {
  for (const json& artifact : job.value("artifacts", json::array())) {
    size_t files = artifact.value("files", json::array()).size();
    uint64_t bytes = 0;
    for (const json& file : artifact["files"]) bytes += file.value("size", uint64_t{0});
    if (files == 0) return artifact.value("text", "");
    return fmt::format("{} file{} {}", files, files == 1 ? "" : "s", human_size(bytes));
  }
  return "no artifact";
}

void print_summary(const json& build, const std::string& id) {
  std::map<std::string, int> counts;
  std::vector<std::vector<std::string>> rows;
  double serial = 0;
  for (const json& job : build.value("jobs", json::array())) {
    const std::string state = job.value("state", "");
    ++counts[state];
    serial += job.value("elapsed", 0.0);
    const json agent = job.value("agent", json());
    const json error = job.value("error", json());
    const bool good = state == "succeeded";
    rows.push_back({job.value("name", ""), good && agent.is_string() ? agent.get<std::string>() : "",
                    good ? artifact_line(job)
                         : "FAILED   " + (error.is_string() ? error.get<std::string>() : state),
                    human_duration(job.value("elapsed", 0.0))});
  }
  std::string line = "Builds:";
  for (const char* state : {"succeeded", "skipped", "failed", "cancelled", "timed_out"}) {
    if (counts[state] > 0) line += fmt::format(" {} {},", counts[state], state);
  }
  line.pop_back();
  std::printf("%s   in %s (serial time %s)\n", line.c_str(),
              human_duration(build.value("elapsed", 0.0)).c_str(), human_duration(serial).c_str());
  for (const auto& row : rows) {
    std::printf("  %-24s %-10s %s  %s\n", row[0].c_str(), row[1].c_str(), row[2].c_str(),
                row[3].c_str());
  }
  std::printf("manifest  farmctl manifest %s   details  farmctl status %s\n", id.c_str(), id.c_str());
}

int exit_code_of(const std::string& state) {
  if (state == "succeeded") return kDone;
  if (state == "cancelled") return kCancelled;
  return kBuildFailed;
}

// As the planner words it; anything else is no reason to wait for a coordinator.
bool names_unknown_component(const Diagnostics& diagnostics) {
  return std::any_of(diagnostics.items().begin(), diagnostics.items().end(), [](const Diagnostic& diagnostic) {
    return diagnostic.severity == Severity::Error && diagnostic.summary.starts_with("Unknown ");
  });
}

// True when the farm has external components that were not known here.
bool learn_components(Client& client, Connection& connection) {
  const Result<std::string> answer = connection.query("components", {});
  return answer && learn_farm_components(client.environment, *answer);
}

// From the plan to a build id.
Result<BuildId> hand_in(Client& client, const ParsedFlags& flags,
                        const templates::LoadOptions& load, PlanSession& session,
                        plan::Plan& plan, Connection& connection, bool quiet) {
  plan::PlanWorld& world = *session.record();
  Bundle bundle =
      TRY(gather_bundle(plan, flags.arguments().front(), client.working_directory,
                        world.outside().home_directory(), world.probe(plan::disk_probe())));
  // The coordinator must be there before much is hashed: a quick question tells.
  TRY(connection.query("version", {}));
  const UploadTotals totals = TRY(upload_bundle(connection, bundle, {}));
  if (!quiet) {
    std::printf("plan  %zu job%s\n      bundle %zu files, %s (%zu already on the farm)\n",
                plan.jobs.size(), plan.jobs.size() == 1 ? "" : "s", totals.files,
                human_size(totals.bytes).c_str(), totals.files_present);
    std::fflush(stdout);
  }
  SystemRandom random;
  wire::Submit submit = make_submit(client, flags, plan, bundle, random);
  submit.plan_record = TRY(hand_over_plan(world, load, plan_options(flags), bundle));
  return connection.submit(std::move(submit));
}

int follow_to_the_end(Client& client, Connection& connection, const ParsedFlags& flags,
                      const BuildId& build, bool as_json) {
  Result<std::string> text = connection.query("build", {{"build", build.str()}});
  if (!text) return client.fail(text.error());
  std::vector<std::pair<std::string, std::string>> jobs;
  const json opening = json::parse(*text, nullptr, false);
  if (!opening.is_object()) return client.fail(corrupt("the coordinator's answer is not JSON"));
  for (const json& job : opening.value("jobs", json::array())) {
    jobs.emplace_back(job.value("id", ""), job.value("name", ""));
  }
  FollowOptions options;
  options.silent = as_json;
  options.status_lines = client.output.settings().terminal && !as_json;
  options.color = client.output.settings().color && flags.setting("color");
  options.timestamps = flags.on("timestamp-ui");
  Result<FollowEnd> end = follow_build(client, connection, build, jobs, options);
  if (!end) return client.fail(end.error());
  if (end->state == "detached") {
    std::printf("build %s goes on; farmctl cancel %s ends it\n", build.brief().c_str(),
                build.brief().c_str());
    return kInterrupted;
  }
  text = connection.query("build", {{"build", build.str()}});
  if (!text) return client.fail(text.error());
  if (as_json) {
    std::printf("%s\n", text->c_str());
  } else {
    print_summary(json::parse(*text, nullptr, false), build.brief());
  }
  return exit_code_of(end->state);
}

}  // namespace

int run_submit(Client& client) {
  const std::vector<Flag> table = submit_flags();
  Result<ParsedFlags> flags = parse_flags(table, client.words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("submit", "TEMPLATE", "have images built by the farm", table));
    return kDone;
  }
  if (flags->arguments().size() != 1) {
    return client.fail(invalid_input("submit takes one template; see farmctl submit -h"));
  }
  Result<void> good = check_flags(*flags);
  if (!good) return client.fail(good.error());
  const Result<bool> as_json = wants_json(*flags);
  if (!as_json) return client.fail(as_json.error());
  Result<templates::LoadOptions> load = load_options(*flags, flags->arguments().front());
  if (!load) return client.fail(load.error());
  if (flags->arguments().front() == "-") {
    return client.fail(invalid_input("submit needs a template on disk, not standard input"));
  }

  (void)builders::external::user_plugins(client.environment);
  add_farm_components(client.environment);
  auto session = std::make_unique<PlanSession>(client.environment, client.working_directory,
                                               client.clock.wall());
  session->start_record();
  Diagnosed<plan::Plan> planned =
      load_and_plan(*session, *load, plan_options(*flags), flags->on("force"));
  Result<std::unique_ptr<Connection>> connection = client.connect(*flags);
  if (names_unknown_component(planned.diagnostics) && connection &&
      learn_components(client, **connection)) {
    // A component of the farm's agents that was not known here.
    session = std::make_unique<PlanSession>(client.environment, client.working_directory,
                                            client.clock.wall());
    session->start_record();
    planned = load_and_plan(*session, *load, plan_options(*flags), flags->on("force"));
  }
  if (session->loaded() != nullptr) client.output.hide(session->loaded()->sensitive);
  client.output.diagnostics(planned.diagnostics, session->texts());
  if (!planned.ok()) return kTemplateInvalid;
  if (planned.value->jobs.empty()) return client.fail(invalid_input("No builds to run"));
  if (!connection) return client.fail(connection.error());
  Result<BuildId> build =
      hand_in(client, *flags, *load, *session, *planned.value, **connection, *as_json);
  if (!build) return client.fail(build.error());
  if (flags->on("detach")) {
    if (*as_json) {
      std::printf("{\"build\":\"%s\"}\n", build->str().c_str());
    } else {
      std::printf("build %s  follow it with: farmctl logs -f %s\n", build->brief().c_str(),
                  build->brief().c_str());
    }
    return kDone;
  }
  if (!*as_json) std::printf("build %s\n", build->brief().c_str());
  return follow_to_the_end(client, **connection, *flags, *build, *as_json);
}

}  // namespace farm::farmctl
