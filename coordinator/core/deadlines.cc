// What happens because nothing happened: leases that run out, limits, retries that are due, and the
// placing of ready jobs.
#include "coordinator/core/turn.h"
#include "coordinator/scheduler/scheduler.h"

namespace farm::coordinator {

bool Turn::over(Instant since, Duration limit) {
  if (limit == Duration::zero()) return false;
  if (now_.steady - since >= limit) return true;
  state_.arm(since + limit);
  return false;
}

void Turn::fire_deadlines() {
  state_.next_deadline.reset();
  check_leases();
  const std::set<JobId> leased = state_.queue.leased();
  for (const JobId& id : leased) check_held(*state_.queue.job(id));
  const std::set<JobId> waiting = state_.queue.waiting();
  for (const JobId& id : waiting) {
    Job& job = *state_.queue.job(id);
    if (now_.steady < job.retry_at) {
      state_.arm(job.retry_at);
    } else {
      move(job, JobState::Ready);
    }
  }
  check_queued();
}

void Turn::check_leases() {
  const std::map<AgentId, LeaseTable::Lease> leases = state_.leases.leases();
  for (const auto& [id, lease] : leases) {
    if (now_.steady < lease.until) {
      state_.arm(lease.until);
      continue;
    }
    Agent* agent = state_.fleet.find(id);
    const std::set<JobId> held = agent == nullptr ? std::set<JobId>{} : agent->jobs;
    if (lease.standing == LeaseTable::Standing::Held) {
      state_.leases.expire(id);
      note("lease of an agent expired", id.str());
      for (const JobId& job_id : held) {
        Job& job = *state_.queue.job(job_id);
        if (job.state == JobState::Cancelling || job.state == JobState::Suspect) continue;
        const JobState before = job.state;
        if (move(job, JobState::Suspect)) job.held = before;
      }
    }
    const Instant lost_at = lease.until + state_.policy.disconnect_max;
    if (now_.steady < lost_at) {
      state_.arm(lost_at);
      continue;
    }
    for (const JobId& job_id : held) {
      lose(*state_.queue.job(job_id), "agent " + agent->name + " was not heard of for too long");
    }
    if (agent != nullptr) agent->connected = false;
    state_.leases.remove(id);
  }
}

void Turn::check_held(Job& job) {
  if (job.state == JobState::Cancelling) {
    if (now_.steady < job.cancel_deadline) {
      state_.arm(job.cancel_deadline);
      return;
    }
    effects_.sends.push_back({job.current()->agent, wire::Revoke{{job.id, job.epoch}}});
    finish_stopped(job, timed_out("the agent did not end the job within the grace period"));
    return;
  }
  const Attempt* attempt = job.current();
  if (attempt == nullptr || attempt->accepted.nanos == 0) return;  // the lease's deadline covers it
  if (job.state == JobState::Preparing && over(job.since, state_.policy.prepare_limit)) {
    stop(job, JobState::TimedOut, "preparing took longer than the limit");
  } else if (over(job.started, state_.policy.total_limit)) {
    stop(job, JobState::TimedOut, "the job took longer than its total limit");
  } else if (job.state != JobState::Suspect && over(job.grew, state_.policy.wedged_limit)) {
    stop(job, JobState::TimedOut, "no output and no progress for too long");
  }
  // A stop() has armed the grace period's deadline.
}

void Turn::check_queued() {
  const std::set<Queue::ReadyKey> ready = state_.queue.ready();
  for (const auto& [sequence, index, id] : ready) {
    Job& job = *state_.queue.job(id);
    for (auto it = job.refused_until.begin(); it != job.refused_until.end();) {
      if (now_.steady < it->second) {
        state_.arm(it->second);
        ++it;
      } else {
        it = job.refused_until.erase(it);
        state_.place_wanted = true;
      }
    }
    if (over(job.queued_since, state_.policy.queue_limit)) {
      stop(job, JobState::TimedOut, "queued for longer than the limit");
    }
  }
}

void Turn::place_jobs() {
  state_.place_wanted = false;
  for (const Placement& placement :
       place(state_.queue, state_.fleet, state_.leases, state_.policy.limits, now_.steady)) {
    offer(*state_.queue.job(placement.job), *state_.fleet.find(placement.agent), placement);
  }
}

}  // namespace farm::coordinator
