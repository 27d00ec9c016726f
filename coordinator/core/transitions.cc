// The moves of a job that several handlers share: offer, retry, loss, stop.
#include <algorithm>

#include "coordinator/core/turn.h"

namespace farm::coordinator {

void Turn::note(std::string text, std::string subject) {
  effects_.notes.push_back({std::move(text), std::move(subject)});
}

bool Turn::move(Job& job, JobState to) {
  const JobState from = job.state;
  if (!transition_allowed(from, to)) {
    ++state_.counters.refused_transitions;
    note(std::string("refused transition ") + job_state_name(from) + " -> " + job_state_name(to),
         job.id.str());
    return false;
  }
  state_.queue.set_state(job, to);
  job.since = now_.steady;
  effects_.jobs.insert(job.id);
  effects_.moves.push_back({job.build, job.id, from, to});
  if (to == JobState::Ready) {
    job.queued_since = now_.steady;
    state_.place_wanted = true;
  }
  arm_deadlines(job);
  if (is_terminal(to)) {
    job.ended = now_.wall;
    job.step.clear();
    job.spec.reset();
    state_.place_wanted = true;  // a build at its -parallel-builds limit may go on
    if (state_.queue.unfinished_of(job.build) == 0) {
      state_.queue.build(job.build)->ended = now_.wall;
      effects_.builds.insert(job.build);
    }
  }
  return true;
}

// Only those of this job: looking at every job of the farm is for when a deadline is over.
void Turn::arm_deadlines(const Job& job) {
  const Policy& policy = state_.policy;
  const auto arm = [&](Instant since, Duration limit) {
    if (limit != Duration::zero()) state_.arm(since + limit);
  };
  if (job.state == JobState::Ready) {
    arm(job.queued_since, policy.queue_limit);
    for (const auto& [agent, until] : job.refused_until) state_.arm(until);
  } else if (job.state == JobState::RetryWait) {
    state_.arm(job.retry_at);
  } else if (job.state == JobState::Cancelling) {
    state_.arm(job.cancel_deadline);
  } else if (is_leased(job.state)) {
    const Attempt* attempt = job.current();
    // Until it is accepted the lease's deadline covers it.
    if (attempt == nullptr || attempt->accepted.nanos == 0) return;
    if (job.state == JobState::Preparing) arm(job.since, policy.prepare_limit);
    arm(job.started, policy.total_limit);
    if (job.state != JobState::Suspect) arm(job.grew, policy.wedged_limit);
  }
}

void Turn::offer(Job& job, Agent& agent, const Placement& placement) {
  job.node = placement.node;
  job.tokens = placement.tokens;
  if (!move(job, JobState::Offered)) return;
  if (!job.node.empty()) ++agent.placed[job.node];
  // A counter never restarts within an incarnation, so no epoch is ever given twice (I7).
  job.epoch = Epoch{std::max(state_.incarnation, job.epoch.incarnation), job.epoch.counter + 1};
  Attempt attempt;
  attempt.number = static_cast<uint32_t>(job.attempts.size()) + 1;
  attempt.epoch = job.epoch;
  attempt.agent = agent.id;
  attempt.agent_name = agent.name;
  attempt.offered = now_.wall;
  job.attempts.push_back(std::move(attempt));
  job.step.clear();
  job.agent_log_bytes = 0;
  job.missing_since = {};
  agent.jobs.insert(job.id);
  send_offer(job);
}

void Turn::send_offer(const Job& job) {
  const Attempt& attempt = *job.current();
  const Build& build = *state_.queue.build(job.build);
  wire::Offer offer;
  offer.ref = {job.id, job.epoch};
  offer.build = job.build;
  offer.job_name = job.name;
  offer.attempt = attempt.number;
  offer.spec = job.spec ? *job.spec : std::string();
  offer.bundle = build.bundle;
  offer.options = build.options;
  offer.sensitive = build.sensitive;
  offer.total_limit = state_.policy.total_limit;
  offer.silence_limit = state_.policy.silence_limit;
  offer.node = job.node;
  effects_.sends.push_back({attempt.agent, std::move(offer)});
  // Kept outside of the const job: when the offer was last sent.
  state_.queue.job(job.id)->offer_sent = now_.steady;
}

void Turn::end_attempt(Job& job, AttemptEnd end, Error error) {
  Attempt* attempt = job.current();
  FARM_CHECK(attempt != nullptr);
  attempt->end = end;
  attempt->ended = now_.wall;
  attempt->error = std::move(error);
  if (Agent* agent = state_.fleet.find(attempt->agent)) agent->jobs.erase(job.id);
  state_.place_wanted = true;
  effects_.jobs.insert(job.id);
}

void Turn::retry_or_fail(Job& job, AttemptEnd end, Error error) {
  ++job.retries;
  end_attempt(job, end, error);
  if (job.retries > state_.policy.retry_limit) {
    if (job.attempts.size() > 1) {
      error.message += " (attempt " + std::to_string(job.attempts.size()) + ", not tried again)";
    }
    job.error = std::move(error);
    move(job, JobState::Failed);
    return;
  }
  note("job is tried again", job.id.str());
  job.retry_at = now_.steady + state_.policy.retry_backoff;
  move(job, JobState::RetryWait);
}

void Turn::lose(Job& job, const std::string& why) {
  if (job.state == JobState::Cancelling) {
    finish_stopped(job, unavailable(why));
    return;
  }
  retry_or_fail(job, AttemptEnd::AgentLost, unavailable(why));
}

void Turn::stop(Job& job, JobState ending, const std::string& reason) {
  if (is_terminal(job.state) || job.state == JobState::Cancelling) return;
  const Error error = ending == JobState::TimedOut ? timed_out(reason) : cancelled(reason);
  if (!is_leased(job.state)) {
    job.error = error;
    move(job, ending);
    return;
  }
  job.cancel_deadline = now_.steady + state_.policy.cancel_grace + state_.policy.cancel_margin;
  if (!move(job, JobState::Cancelling)) return;
  job.ending = ending;
  job.ending_reason = reason;
  job.error = error;
  effects_.sends.push_back(
      {job.current()->agent, wire::Cancel{{job.id, job.epoch}, state_.policy.cancel_grace}});
}

void Turn::finish_stopped(Job& job, Error error) {
  const bool late = job.ending == JobState::TimedOut;
  end_attempt(job, late ? AttemptEnd::TimedOut : AttemptEnd::Cancelled, std::move(error));
  move(job, job.ending);
}

void Turn::revive(Job& job) {
  job.missing_since = {};
  if (job.state == JobState::Suspect) move(job, job.held);
}

void Turn::advance(Job& job, wire::Phase phase) {
  const auto target = [&] {
    switch (phase) {
      case wire::Phase::Preparing: return JobState::Preparing;
      case wire::Phase::Running: return JobState::Running;
      case wire::Phase::Uploading: return JobState::Uploading;
      case wire::Phase::Finished: return job.state;  // its result follows
    }
    return job.state;
  }();
  // Phases only go forward: an old or repeated message changes nothing (I12).
  if (job.state == JobState::Cancelling || target <= job.state) return;
  Attempt* attempt = job.current();
  if (attempt->accepted.nanos == 0) {
    attempt->accepted = now_.wall;
    job.started = now_.steady;
    job.grew = now_.steady;
  }
  move(job, target);
}

}  // namespace farm::coordinator
