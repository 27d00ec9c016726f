// What agents say about jobs they hold: Accept, Refuse, phases, resources, results.
#include <algorithm>

#include "coordinator/core/turn.h"

namespace farm::coordinator {
namespace {

bool runner_crashed(const wire::JobResult& result) {
  return result.error.code == ErrorCode::Internal && result.error.retryable;
}

}  // namespace

Job* Turn::held_job(const AgentId& agent, const wire::JobRef& ref) {
  Job* job = state_.queue.job(ref.job);
  const Attempt* attempt = job == nullptr ? nullptr : job->attempt(ref.epoch);
  if (attempt != nullptr && attempt->agent == agent && attempt->end == AttemptEnd::Open) {
    return job;
  }
  if (attempt != nullptr && attempt->agent != agent) {
    ++state_.counters.foreign_messages;
    note("message about another agent's job", ref.job.str());
  } else {
    ++state_.counters.stale_messages;
  }
  effects_.replies.emplace_back(wire::Revoke{ref});
  return nullptr;
}

void Turn::accept(const AgentId& agent, const wire::Accept& accept) {
  Job* job = held_job(agent, accept.ref);
  if (job == nullptr) return;
  revive(*job);
  advance(*job, wire::Phase::Preparing);
}

void Turn::refuse(const AgentId& agent, const wire::Refuse& refuse) {
  Job* job = held_job(agent, refuse.ref);
  if (job == nullptr) return;
  if (job->state == JobState::Cancelling) {
    finish_stopped(*job, cancelled(refuse.reason));
    return;
  }
  if (job->current()->accepted.nanos != 0) {  // an accepted job ends by a result, not by a refusal
    ++state_.counters.stale_messages;
    return;
  }
  end_attempt(*job, AttemptEnd::Refused, unavailable(refuse.reason));
  const auto refusals = std::count_if(
      job->attempts.begin(), job->attempts.end(),
      [](const Attempt& attempt) { return attempt.end == AttemptEnd::Refused; });
  if (refusals >= static_cast<std::ptrdiff_t>(state_.policy.refusal_limit)) {
    job->error = unavailable("refused " + std::to_string(refusals) +
                             " times, the last time because: " + refuse.reason);
    move(*job, JobState::Failed);
    return;
  }
  job->refused_until[agent] = now_.steady + state_.policy.refusal_pause;
  job->retry_at = now_.steady;
  move(*job, JobState::RetryWait);
}

void Turn::phase(const AgentId& agent, const wire::PhaseChange& change) {
  Job* job = held_job(agent, change.ref);
  if (job == nullptr) return;
  revive(*job);
  advance(*job, change.phase);
  job->grew = now_.steady;
  if (change.step != job->step) {
    job->step = change.step;
    effects_.jobs.insert(job->id);
  }
}

void Turn::resource(const AgentId& agent, const wire::ResourceEvent& event) {
  // The truth about what exists is welcome from every attempt of the agent, an ended one too.
  const Job* job = state_.queue.job(event.ref.job);
  const Attempt* attempt = job == nullptr ? nullptr : job->attempt(event.ref.epoch);
  if (attempt == nullptr || attempt->agent != agent) {
    ++state_.counters.foreign_messages;
    note("resource of a job the agent never held", event.ref.job.str());
    return;
  }
  if (state_.resources.apply(event, agent, now_.wall)) {
    effects_.resources.insert({event.ref.job, event.ref.epoch, event.intent});
  }
}

void Turn::result(const AgentId& agent, const wire::JobResult& result,
                  const std::optional<std::string>& missing_file) {
  const Job* known = state_.queue.job(result.ref.job);
  const Attempt* past = known == nullptr ? nullptr : known->attempt(result.ref.epoch);
  if (past != nullptr && past->agent == agent && past->reported) {
    effects_.replies.emplace_back(wire::ResultAck{result.ref});  // the first answer was lost
    return;
  }
  Job* job = held_job(agent, result.ref);
  if (job == nullptr) return;
  job->current()->reported = true;
  if (job->current()->accepted.nanos == 0) job->current()->accepted = now_.wall;
  job->elapsed = result.elapsed;
  effects_.replies.emplace_back(wire::ResultAck{result.ref});

  if (job->state == JobState::Cancelling) {
    finish_stopped(*job, result.error);
  } else if (result.outcome == wire::Outcome::Succeeded && missing_file) {
    retry_or_fail(*job, AttemptEnd::UploadIncomplete,
                  unavailable("artifact file " + *missing_file + " was not stored whole"));
  } else if (result.outcome == wire::Outcome::Succeeded) {
    job->artifacts = result.artifacts;
    job->manifest = result.manifest;
    end_attempt(*job, AttemptEnd::Succeeded, {});
    if (move(*job, JobState::Committed)) move(*job, JobState::Succeeded);
  } else if (result.outcome == wire::Outcome::Cancelled) {
    retry_or_fail(*job, AttemptEnd::AgentLost, result.error);  // nobody here asked for it
  } else if (runner_crashed(result)) {
    retry_or_fail(*job, AttemptEnd::RunnerCrashed, result.error);
  } else {
    end_attempt(*job, AttemptEnd::BuildFailed, result.error);
    job->error = result.error;
    move(*job, JobState::Failed);
  }
}

void Turn::log_stored(const wire::JobRef& ref, uint64_t length) {
  Job* job = state_.queue.job(ref.job);
  Attempt* attempt = job == nullptr ? nullptr : job->attempt(ref.epoch);
  if (attempt == nullptr) return;
  attempt->log_bytes = std::max(attempt->log_bytes, length);
  if (attempt->end == AttemptEnd::Open) job->grew = now_.steady;
}

}  // namespace farm::coordinator
