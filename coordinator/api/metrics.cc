#include "coordinator/api/metrics.h"

#include <fmt/format.h>
#include <map>

namespace farm::coordinator {
namespace {

class Page {
 public:
  void family(const char* name, const char* type, const char* help) {
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    name_ = name;
  }
  void sample(const std::string& labels, double value) {
    text_ += labels.empty() ? fmt::format("{} {}\n", name_, value)
                            : fmt::format("{}{{{}}} {}\n", name_, labels, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  const char* name_ = "";
};

std::string label(const char* name, const std::string& value) {
  std::string text = std::string(name) + "=\"";
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

void add_builds(const Farm& farm, Page& page) {
  std::map<std::string, int> builds;
  for (const char* state : {"running", "succeeded", "failed", "cancelled"}) builds[state] = 0;
  for (const auto& [id, build] : farm.state.queue.builds()) ++builds[build_state(farm.state, build)];
  page.family("farm_builds", "gauge", "Builds by state.");
  for (const auto& [state, count] : builds) page.sample(label("state", state), count);
}

void add_jobs(const Farm& farm, Page& page) {
  std::map<std::string, int> jobs;
  uint64_t log_bytes = 0;
  double longest = 0;
  for (const auto& [id, job] : farm.state.queue.jobs()) {
    ++jobs[job_state_name(job.state)];
    for (const Attempt& attempt : job.attempts) log_bytes += attempt.log_bytes;
    if (job.state != JobState::Ready) continue;
    const std::chrono::duration<double> waited = farm.now.steady - job.queued_since;
    longest = std::max(longest, waited.count());
  }
  page.family("farm_jobs", "gauge", "Jobs by state.");
  for (const auto& [state, count] : jobs) page.sample(label("state", state), count);
  page.family("farm_queue_wait_longest_seconds", "gauge",
              "How long the job waits that has been ready longest.");
  page.sample("", longest);
  page.family("farm_log_bytes_total", "counter", "Bytes of the logs of all jobs.");
  page.sample("", static_cast<double>(log_bytes));
}

void add_agents(const Farm& farm, Page& page) {
  const auto& agents = farm.state.fleet.agents();
  page.family("farm_slots", "gauge", "Slots of each agent, in use and free.");
  for (const auto& [id, agent] : agents) {
    const auto used = static_cast<double>(agent.jobs.size());
    const double free = std::max(0.0, static_cast<double>(agent.slots) - used);
    page.sample(label("agent", agent.name) + "," + label("state", "used"), used);
    page.sample(label("agent", agent.name) + "," + label("state", "free"), free);
  }
  page.family("farm_agent_last_seen_seconds", "gauge", "Since each agent was last heard of.");
  for (const auto& [id, agent] : agents) {
    const auto since = static_cast<double>(farm.now.wall.nanos - agent.seen.nanos) / 1e9;
    page.sample(label("agent", agent.name), agent.seen.nanos == 0 ? 0 : std::max(0.0, since));
  }
}

void add_resources(const Farm& farm, Page& page) {
  int leaked = 0;
  for (const auto& [key, resource] : farm.state.resources.open()) {
    const Job* job = farm.state.queue.job(key.job);
    const Attempt* attempt = job == nullptr ? nullptr : job->current();
    if (attempt == nullptr || attempt->epoch != key.epoch) ++leaked;
  }
  page.family("farm_leaked_resources", "gauge", "Outside things whose job does not hold them.");
  page.sample("", leaked);
}

}  // namespace

std::string metrics(const Farm& farm) {
  Page page;
  page.family("farm_info", "gauge", "Version of the coordinator.");
  page.sample(label("version", farm.version), 1);
  page.family("farm_store_read_only", "gauge", "1 while nothing can be written.");
  page.sample("", farm.trouble == nullptr ? 0 : 1);
  add_builds(farm, page);
  add_jobs(farm, page);
  add_agents(farm, page);
  add_resources(farm, page);
  const Counters& counters = farm.state.counters;
  page.family("farm_refused_messages_total", "counter", "Messages that were not applied.");
  page.sample(label("reason", "transition"), static_cast<double>(counters.refused_transitions));
  page.sample(label("reason", "stale"), static_cast<double>(counters.stale_messages));
  page.sample(label("reason", "foreign"), static_cast<double>(counters.foreign_messages));
  return page.take();
}

}  // namespace farm::coordinator
