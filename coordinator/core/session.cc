// What agents say about themselves: Hello, Sync, Drain, Restarting, and the verdict on each job they
// claim to hold.
#include <algorithm>

#include "common/wire/features.h"
#include "coordinator/core/turn.h"

namespace farm::coordinator {
namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool lists(const std::vector<wire::RunningJob>& reported, const wire::JobRef& ref) {
  return std::any_of(reported.begin(), reported.end(),
                     [&](const wire::RunningJob& job) { return job.ref == ref; });
}

}  // namespace

void Turn::renew(const AgentId& id) {
  Agent* agent = state_.fleet.find(id);
  if (agent == nullptr) return;
  agent->seen = now_.wall;
  const Instant until = now_.steady + state_.lease_ttl();
  if (state_.leases.renew(id, until)) state_.place_wanted = true;
  state_.arm(until);
}

void Turn::hello(const AgentIdentity& identity, const wire::Hello& hello) {
  Agent* known = state_.fleet.find(identity.id);
  const bool rebooted =
      known != nullptr && !known->boot_id.empty() && known->boot_id != hello.boot_id;
  Agent& agent = known != nullptr ? *known : state_.fleet.add(identity.id);
  agent.name = identity.name;
  agent.labels = sorted(identity.labels);
  agent.boot_id = hello.boot_id;
  agent.version = hello.version;
  agent.builders = sorted(hello.builders);
  agent.provisioners = sorted(hello.provisioners);
  agent.post_processors = sorted(hello.post_processors);
  agent.component_schemas = hello.component_schemas;
  agent.slots = hello.slots;
  agent.cpus = hello.cpus;
  agent.memory_bytes = hello.memory_bytes;
  agent.disk_bytes = hello.disk_bytes;
  agent.features = hello.features;
  agent.connected = true;
  agent.leaving = false;
  effects_.agents.insert(agent.id);
  renew(agent.id);
  state_.place_wanted = true;

  wire::Welcome welcome;
  welcome.agent = agent.id;
  welcome.features = wire::features::kSurveys;
  welcome.sync_interval = state_.sync_interval();
  welcome.lease_ttl = state_.lease_ttl();
  welcome.verdicts = judge(agent.id, hello.jobs);
  effects_.replies.emplace_back(std::move(welcome));
  look_for_missing(agent, hello.jobs, rebooted);
}

void Turn::sync(const AgentIdentity& identity, const wire::Sync& sync) {
  Agent* agent = state_.fleet.find(identity.id);
  if (agent == nullptr || !agent->connected) {
    // This process has not had its Hello: it knows neither its boot nor what it offers today.
    effects_.replies.emplace_back(wire::Restarting{});
    if (agent == nullptr) return;
  }
  agent->disk_bytes = sync.disk_bytes;
  effects_.replies.emplace_back(wire::SyncAck{judge(agent->id, sync.jobs)});
  look_for_missing(*agent, sync.jobs, false);
}

void Turn::leaving(const AgentIdentity& identity) {
  if (Agent* agent = state_.fleet.find(identity.id)) agent->leaving = true;
}

void Turn::restarting(const AgentIdentity& identity) {
  if (Agent* agent = state_.fleet.find(identity.id)) agent->connected = false;
}

void Turn::survey(const AgentIdentity& identity, const wire::Survey& survey) {
  Agent* agent = state_.fleet.find(identity.id);
  if (agent == nullptr) return;
  agent->views = survey.views;
  agent->surveyed = now_.wall;
  agent->placed.clear();
  state_.place_wanted = true;
}

void Turn::set_drain(const AgentId& id, bool draining) {
  Agent* agent = state_.fleet.find(id);
  if (agent == nullptr) return refuse_event(not_found("no such agent"));
  agent->draining = draining;
  if (!draining) agent->leaving = false;
  state_.place_wanted = true;
  effects_.agents.insert(id);
}

void Turn::forget_agent(const AgentId& id) {
  Agent* agent = state_.fleet.find(id);
  if (agent == nullptr) return;
  const std::set<JobId> held = agent->jobs;
  for (const JobId& job : held) lose(*state_.queue.job(job), "the agent was removed");
  state_.leases.remove(id);
  state_.fleet.remove(id);
  effects_.agents.insert(id);
}

std::vector<wire::JobVerdict> Turn::judge(const AgentId& agent,
                                          const std::vector<wire::RunningJob>& reported) {
  std::vector<wire::JobVerdict> verdicts;
  verdicts.reserve(reported.size());
  for (const wire::RunningJob& job : reported) verdicts.push_back(verdict(agent, job));
  return verdicts;
}

wire::JobVerdict Turn::verdict(const AgentId& agent, const wire::RunningJob& reported) {
  wire::JobVerdict verdict{reported.ref, wire::Verdict::Revoke, 0};
  Job* job = state_.queue.job(reported.ref.job);
  const Attempt* attempt = job == nullptr ? nullptr : job->attempt(reported.ref.epoch);
  if (attempt == nullptr || attempt->agent != agent) return verdict;
  verdict.log_acked = attempt->log_bytes;
  if (attempt->end != AttemptEnd::Open) {
    if (attempt->reported) verdict.verdict = wire::Verdict::Finish;
    return verdict;
  }
  verdict.verdict = wire::Verdict::Keep;
  revive(*job);
  advance(*job, reported.phase);
  if (reported.log_bytes > job->agent_log_bytes) {
    job->agent_log_bytes = reported.log_bytes;
    job->grew = now_.steady;
  }
  if (job->state == JobState::Cancelling) {
    const Duration left = job->cancel_deadline - state_.policy.cancel_margin - now_.steady;
    effects_.sends.push_back(
        {agent, wire::Cancel{reported.ref, std::max(left, Duration::zero())}});
  }
  return verdict;
}

void Turn::look_for_missing(Agent& agent, const std::vector<wire::RunningJob>& reported,
                            bool rebooted) {
  const std::set<JobId> held = agent.jobs;
  for (const JobId& id : held) {
    Job& job = *state_.queue.job(id);
    if (lists(reported, {job.id, job.epoch})) continue;
    const Attempt& attempt = *job.current();
    const bool never_accepted = attempt.accepted.nanos == 0 && job.state != JobState::Cancelling;
    if (never_accepted) {
      revive(job);
      // The offer is lost or on its way; the agent knows a repeated one by its epoch.
      if (now_.steady - job.offer_sent >= state_.sync_interval() / 2) send_offer(job);
      continue;
    }
    if (rebooted) {
      lose(job, "agent " + agent.name + " restarted without the job");
      continue;
    }
    // A report that left before the agent took the job may arrive after its Accept; only a job that
    // stays missing is lost.
    if (job.missing_since.nanos == 0) {
      job.missing_since = now_.steady;
    } else if (now_.steady - job.missing_since >= 2 * state_.sync_interval()) {
      lose(job, "agent " + agent.name + " no longer has the job");
    }
  }
}

}  // namespace farm::coordinator
