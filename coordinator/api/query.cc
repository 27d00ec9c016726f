#include "coordinator/api/query.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "common/artifact/manifest.h"
#include "common/wire/codec.h"
#include "coordinator/scheduler/scheduler.h"

namespace farm::coordinator {
namespace {

using nlohmann::ordered_json;

constexpr size_t kBuildsShown = 50;

std::string dump(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json time_json(WallTime time) {
  if (time.nanos == 0) return nullptr;
  return time_text(time);
}

double seconds_json(Duration duration) { return static_cast<double>(duration.count()) / 1e9; }

ordered_json artifact_json(const wire::ArtifactRecord& artifact) {
  ordered_json files = ordered_json::array();
  for (const wire::FileRecord& file : artifact.files) {
    files.push_back({{"path", file.path},
                     {"size", file.size},
                     {"sha256", file.sha256},
                     {"stored", file.stored}});
  }
  return {{"builder_id", artifact.builder_id},
          {"id", artifact.id},
          {"text", artifact.text},
          {"files", std::move(files)}};
}

ordered_json attempt_json(const Attempt& attempt) {
  ordered_json out = {{"attempt", attempt.number},
                      {"epoch", attempt.epoch.str()},
                      {"agent", attempt.agent_name},
                      {"offered", time_json(attempt.offered)},
                      {"accepted", time_json(attempt.accepted)},
                      {"ended", time_json(attempt.ended)},
                      {"outcome", attempt_end_name(attempt.end)},
                      {"log_bytes", attempt.log_bytes},
                      {"error", attempt.error.message}};
  return out;
}

double seconds_between(WallTime from, WallTime to) {
  return from.nanos == 0 ? 0 : static_cast<double>(std::max<int64_t>(0, to.nanos - from.nanos)) / 1e9;
}

// How long the job was worked on; `now` for one that still is, 0 where nobody knows it.
double worked_seconds(const Job& job, WallTime now) {
  if (is_terminal(job.state)) return seconds_json(job.elapsed);
  const Attempt* open = job.current();
  return open == nullptr || now.nanos == 0 ? 0 : seconds_between(open->accepted, now);
}

ordered_json job_json(const State& state, const Job& job, WallTime now) {
  const Attempt* last = job.attempts.empty() ? nullptr : &job.attempts.back();
  ordered_json out = {{"id", job.id.str()},
                      {"build", job.build.str()},
                      {"name", job.name},
                      {"type", job.needs.builder},
                      {"state", job_state_name(job.state)},
                      {"phase", is_leased(job.state) ? job_state_name(job.state) : ""},
                      {"step", job.step},
                      {"agent", nullptr},
                      {"node", job.node},
                      {"uses", job.tokens},
                      {"attempt", job.attempts.size()},
                      {"attempts_max", state.policy.retry_limit + 1},
                      {"epoch", job.epoch.str()},
                      {"log_bytes", last == nullptr ? 0 : last->log_bytes},
                      {"submitted", time_json(job.submitted)},
                      {"started", last == nullptr ? nullptr : time_json(last->accepted)},
                      {"ended", time_json(job.ended)},
                      {"elapsed", worked_seconds(job, now)},
                      {"error", nullptr},
                      {"error_code", nullptr}};
  if (last != nullptr) out["agent"] = last->agent_name;
  if (job.error) {
    out["error"] = job.error->message;
    out["error_code"] = error_code_name(job.error->code);
  }
  out["history"] = ordered_json::array();
  for (const Attempt& attempt : job.attempts) out["history"].push_back(attempt_json(attempt));
  out["artifacts"] = ordered_json::array();
  for (const auto& artifact : job.artifacts) out["artifacts"].push_back(artifact_json(artifact));
  out["owns"] = ordered_json::array();
  for (const Resource& resource : state.resources.of(job.id)) {
    const wire::ResourceEvent& event = resource.event;
    out["owns"].push_back({{"kind", event.resource_kind}, {"name", event.name}, {"id", event.id}});
  }
  return out;
}

/// Whether a record of the build, or bytes it made, can no longer be read.
bool is_damaged(const Farm& farm, const Build& build) {
  const auto bad = [&](const wire::FileRecord& file) {
    return farm.damaged_files->count(file.sha256) != 0;
  };
  for (const JobId& id : build.jobs) {
    const Job* job = farm.state.queue.job(id);
    if (job == nullptr) return true;
    if (farm.damaged_files == nullptr || farm.damaged_files->empty()) continue;
    for (const wire::ArtifactRecord& artifact : job->artifacts) {
      if (std::any_of(artifact.files.begin(), artifact.files.end(), bad)) return true;
    }
  }
  return false;
}

ordered_json build_json(const Farm& farm, const Build& build) {
  const State& state = farm.state;
  const WallTime now = farm.now.wall;
  std::map<std::string, int> counts;
  size_t done = 0;
  for (const JobId& id : build.jobs) {
    const Job* job = state.queue.job(id);
    if (job == nullptr || is_terminal(job->state)) ++done;
    ++counts[job == nullptr ? "damaged" : job_state_name(job->state)];
  }
  ordered_json states = ordered_json::object();
  for (const auto& [name, count] : counts) states[name] = count;
  return {{"id", build.id.str()},
          {"template", build.template_name},
          {"submitter", build.submitter},
          {"state", build_state(state, build)},
          {"damaged", is_damaged(farm, build)},
          {"jobs_total", build.jobs.size()},
          {"jobs_done", done},
          {"jobs_by_state", std::move(states)},
          {"parallel", build.parallel},
          {"run_uuid", build.options.run_uuid},
          {"created", time_json(build.submitted)},
          {"ended", time_json(build.ended)},
          {"elapsed", seconds_between(build.submitted, build.ended.nanos == 0 ? now : build.ended)}};
}

ordered_json builds(const Farm& farm, size_t limit) {
  std::vector<const Build*> list;
  for (const auto& [id, build] : farm.state.queue.builds()) list.push_back(&build);
  std::sort(list.begin(), list.end(), [](const Build* a, const Build* b) {
    return std::pair(a->submitted, a->sequence) > std::pair(b->submitted, b->sequence);
  });
  if (list.size() > limit) list.resize(limit);
  ordered_json out = ordered_json::array();
  for (const Build* build : list) out.push_back(build_json(farm, *build));
  return {{"builds", std::move(out)}};
}

ordered_json one_build(const Farm& farm, const Build& build) {
  ordered_json out = build_json(farm, build);
  out["jobs"] = ordered_json::array();
  for (const JobId& id : build.jobs) {
    if (const Job* job = farm.state.queue.job(id)) {
      out["jobs"].push_back(job_json(farm.state, *job, farm.now.wall));
    }
  }
  return out;
}

ordered_json one_job(const Farm& farm, const Job& job) {
  ordered_json out = job_json(farm.state, job, farm.now.wall);
  out["needs"] = {{"builder", job.needs.builder},
                  {"provisioners", job.needs.provisioners},
                  {"post_processors", job.needs.post_processors},
                  {"labels", job.needs.labels}};
  const JobPlace& place = job.needs.place;
  if (!place.provider.empty()) {
    out["place"] = {{"provider", place.provider},
                    {"host", place.host},
                    {"node", place.node},
                    {"open_node", place.open_node},
                    {"group", place.group},
                    {"datastores", place.datastores},
                    {"credential", place.credential}};
  }
  return out;
}

const char* agent_state(const State& state, const Agent& agent) {
  if (!state.leases.held(agent.id)) return agent.jobs.empty() ? "gone" : "suspect";
  if (!agent.connected) return "suspect";
  return agent.takes_jobs() ? "ready" : "draining";
}

// Every description once: agents of a pool have the same plugins.
ordered_json components(const Farm& farm) {
  std::set<std::string> descriptions;
  for (const auto& [id, agent] : farm.state.fleet.agents()) {
    descriptions.insert(agent.component_schemas.begin(), agent.component_schemas.end());
  }
  return {{"descriptions", descriptions}};
}

ordered_json node_json(const State& state, const wire::ProviderView& view,
                       const wire::NodeLoad& node) {
  const std::string token = "node " + node.name + "@" + view.place;
  const auto held = state.queue.tokens().find(token);
  ordered_json out = {{"name", node.name},
                      {"group", node.group},
                      {"online", node.online},
                      {"cpu", node.cpu_permille / 1000.0},
                      {"memory_used", node.memory_used},
                      {"memory_bytes", node.memory_bytes},
                      {"datastores", node.datastores},
                      {"jobs", held == state.queue.tokens().end() ? 0 : held->second},
                      {"limit", nullptr}};
  if (const auto limit = state.policy.limits.of(token)) out["limit"] = *limit;
  return out;
}

ordered_json providers_json(const Farm& farm, const Agent& agent) {
  ordered_json out = ordered_json::array();
  for (const wire::ProviderView& view : agent.views) {
    ordered_json nodes = ordered_json::array();
    for (const wire::NodeLoad& node : view.nodes) {
      nodes.push_back(node_json(farm.state, view, node));
    }
    out.push_back({{"provider", view.provider},
                   {"place", view.place},
                   {"credential", view.credential},
                   {"error", view.error},
                   {"seen_seconds", seconds_between(agent.surveyed, farm.now.wall)},
                   {"nodes", std::move(nodes)}});
  }
  return out;
}

ordered_json agents(const Farm& farm) {
  ordered_json out = ordered_json::array();
  for (const auto& [id, agent] : farm.state.fleet.agents()) {
    ordered_json jobs = ordered_json::array();
    for (const JobId& job : agent.jobs) jobs.push_back(job.str());
    out.push_back({{"id", id.str()},
                   {"name", agent.name},
                   {"state", agent_state(farm.state, agent)},
                   {"labels", agent.labels},
                   {"version", agent.version},
                   {"slots", agent.slots},
                   {"used", agent.jobs.size()},
                   {"jobs", std::move(jobs)},
                   {"cpus", agent.cpus},
                   {"memory_bytes", agent.memory_bytes},
                   {"disk_bytes", agent.disk_bytes},
                   {"builders", agent.builders},
                   {"provisioners", agent.provisioners},
                   {"post_processors", agent.post_processors},
                   {"providers", providers_json(farm, agent)},
                   {"seen", time_json(agent.seen)},
                   {"last_seen_seconds", seconds_between(agent.seen, farm.now.wall)}});
  }
  return {{"agents", std::move(out)}};
}

ordered_json artifacts(const Farm& farm, const Build& build) {
  ordered_json out = ordered_json::array();
  for (const JobId& id : build.jobs) {
    const Job* job = farm.state.queue.job(id);
    if (job == nullptr) continue;
    for (const wire::ArtifactRecord& artifact : job->artifacts) {
      ordered_json entry = artifact_json(artifact);
      entry["job"] = id.str();
      entry["name"] = job->name;
      out.push_back(std::move(entry));
    }
  }
  return {{"build", build.id.str()}, {"artifacts", std::move(out)}};
}

// What the `manifest` post-processor would have written for a job whose template has none.
std::string manifest_of(const Job& job, const std::string& run_uuid) {
  artifact::Manifest document;
  document.last_run_uuid = run_uuid;
  for (const wire::ArtifactRecord& artifact : job.artifacts) {
    artifact::ManifestBuild entry;
    entry.name = job.name;
    entry.builder_type = job.needs.builder;
    entry.build_time = job.ended.unix_seconds();
    for (const wire::FileRecord& file : artifact.files) {
      if (!entry.files) entry.files.emplace();
      entry.files->push_back({file.path, file.size});
    }
    entry.artifact_id = artifact.id;
    entry.run_uuid = run_uuid;
    document.builds.push_back(std::move(entry));
  }
  return artifact::manifest_text(document);
}

Result<std::string> manifest(const Farm& farm, const Build& build) {
  std::vector<std::string> texts;
  for (const JobId& id : build.jobs) {
    const Job* job = farm.state.queue.job(id);
    if (job == nullptr || job->state != JobState::Succeeded) continue;
    texts.push_back(job->manifest.empty() ? manifest_of(*job, build.options.run_uuid)
                                          : job->manifest);
  }
  const artifact::Manifest merged =
      TRY(artifact::merge_manifests(texts, build.options.run_uuid));
  return artifact::manifest_text(merged);
}

ordered_json why_json(const Farm& farm, const Job& job) {
  return {{"job", job.id.str()},
          {"name", job.name},
          {"state", job_state_name(job.state)},
          {"reasons", why(job, farm.state.queue, farm.state.fleet, farm.state.leases,
                          farm.state.policy.limits, farm.now.steady)}};
}

// Each explained job asks every agent; the reactor answers nobody else meanwhile.
constexpr size_t kWhyPairs = 20'000;

// Of one job, or of the jobs of a build: of a large build on a large farm the first ones, and how
// many more there are.
Result<std::string> why_all(const Farm& farm, const std::string& text,
                            const std::string& submitter) {
  ordered_json jobs = ordered_json::array();
  size_t unexplained = 0;
  const Result<const Job*> job = find_job(farm.state, text, submitter);
  if (job) {
    jobs.push_back(why_json(farm, **job));
  } else {
    const Result<const Build*> build = find_build(farm.state, text, submitter);
    if (!build) return job.error();
    const size_t agents = farm.state.fleet.agents().size();
    const size_t most = std::max<size_t>(kWhyPairs / std::max<size_t>(agents, 1), 1);
    for (const JobId& id : (*build)->jobs) {
      const Job* one = farm.state.queue.job(id);
      if (one == nullptr) continue;
      if (jobs.size() < most) {
        jobs.push_back(why_json(farm, *one));
      } else {
        ++unexplained;
      }
    }
  }
  return dump({{"jobs", std::move(jobs)}, {"unexplained", unexplained}});
}

ordered_json resources(const Farm& farm) {
  ordered_json out = ordered_json::array();
  for (const auto& [key, resource] : farm.state.resources.open()) {
    const Job* job = farm.state.queue.job(key.job);
    const Agent* agent = farm.state.fleet.find(resource.agent);
    const bool bound = resource.event.kind == wire::ResourceEvent::Kind::Bound;
    const Attempt* attempt = job == nullptr ? nullptr : job->current();
    const bool owned = attempt != nullptr && attempt->epoch == key.epoch;
    out.push_back({{"job", key.job.str()},
                   {"epoch", key.epoch.str()},
                   {"intent", key.intent},
                   {"state", bound ? "bound" : "intent"},
                   {"kind", resource.event.resource_kind},
                   {"name", resource.event.name},
                   {"id", resource.event.id},
                   {"agent", agent == nullptr ? "" : agent->name},
                   {"since", time_json(resource.since)},
                   {"age", seconds_between(resource.since, farm.now.wall)},
                   {"job_name", job == nullptr ? "" : job->name},
                   {"agent_state", agent == nullptr ? "unknown" : agent_state(farm.state, *agent)},
                   {"leaked", !owned}});
  }
  return {{"resources", std::move(out)}};
}

ordered_json version(const Farm& farm) {
  const Counters& counters = farm.state.counters;
  ordered_json out = {{"version", farm.version},
                      {"protocol", wire::protocol_version()},
                      {"incarnation", farm.state.incarnation},
                      {"state", farm.trouble == nullptr ? "serving" : "read_only"},
                      {"reason", farm.trouble == nullptr ? "" : farm.trouble->message},
                      {"damaged_records", farm.damaged},
                      {"refused_transitions", counters.refused_transitions},
                      {"stale_messages", counters.stale_messages},
                      {"foreign_messages", counters.foreign_messages}};
  return out;
}

// What everybody who looks at builds must see: nothing of what is shown can change at present.
std::string dump_with_trouble(const Farm& farm, ordered_json document) {
  if (farm.trouble != nullptr) document["read_only"] = farm.trouble->message;
  return dump(document);
}

Result<std::string> argument(const Arguments& arguments, const char* name) {
  const auto it = arguments.find(name);
  if (it == arguments.end() || it->second.empty()) {
    return invalid_input(std::string("the query needs the argument `") + name + "`");
  }
  return it->second;
}

std::string submitter_of(const Arguments& arguments) {
  const auto it = arguments.find("submitter");
  return it == arguments.end() ? std::string() : it->second;
}

}  // namespace

std::string time_text(WallTime time) {
  const std::time_t seconds = time.unix_seconds();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[96];  // room for any int in every field
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(time.nanos / 1'000'000 % 1000));
  return text;
}

std::string build_state(const State& state, const Build& build) {
  bool failed = false;
  bool stopped = false;
  for (const JobId& id : build.jobs) {
    const Job* job = state.queue.job(id);
    if (job == nullptr) continue;
    failed = failed || job->state == JobState::Failed || job->state == JobState::TimedOut;
    stopped = stopped || job->state == JobState::Cancelled;
  }
  if (state.queue.unfinished_of(build.id) > 0) return "running";
  if (failed) return "failed";
  return stopped ? "cancelled" : "succeeded";
}

std::string job_detail(const State& state, const Job& job) { return dump(job_json(state, job, {})); }

Result<std::string> answer(const Farm& farm, const std::string& what,
                           const Arguments& arguments) {
  if (what == "builds") {
    const auto limit = arguments.find("limit");
    size_t count = kBuildsShown;
    if (limit != arguments.end()) {
      if (std::sscanf(limit->second.c_str(), "%zu", &count) != 1) {
        return invalid_input("limit is no number: `" + limit->second + "`");
      }
    }
    return dump_with_trouble(farm, builds(farm, count));
  }
  if (what == "agents") return dump_with_trouble(farm, agents(farm));
  if (what == "components") return dump(components(farm));
  if (what == "resources") return dump(resources(farm));
  if (what == "version") return dump(version(farm));
  if (what == "build" || what == "artifacts" || what == "manifest") {
    const std::string text = TRY(argument(arguments, "build"));
    const Build* build = TRY(find_build(farm.state, text, submitter_of(arguments)));
    if (what == "build") return dump_with_trouble(farm, one_build(farm, *build));
    if (what == "artifacts") return dump(artifacts(farm, *build));
    return manifest(farm, *build);
  }
  if (what == "why") {
    const char* const name = arguments.count("build") != 0 ? "build" : "job";
    const std::string text = TRY(argument(arguments, name));
    return why_all(farm, text, submitter_of(arguments));
  }
  if (what == "job") {
    const std::string text = TRY(argument(arguments, "job"));
    const Job* job = TRY(find_job(farm.state, text, submitter_of(arguments)));
    return dump(one_job(farm, *job));
  }
  return invalid_input("unknown query `" + what + "`");
}

}  // namespace farm::coordinator
