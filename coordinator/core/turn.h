// Turn: one call of step() or settle() at work: the state, the time, the effects so far, and the
// few moves every handler is made of. Private to core/.
#pragma once

#include <string>
#include <vector>

#include "coordinator/core/effects.h"
#include "coordinator/core/event.h"
#include "coordinator/core/state.h"
#include "coordinator/scheduler/scheduler.h"

namespace farm::coordinator {

class Turn {
 public:
  Turn(State& state, Now now) : state_(state), now_(now) {}
  Effects take() { return std::move(effects_); }

  // session.cc
  void hello(const AgentIdentity& identity, const wire::Hello& hello);
  void sync(const AgentIdentity& identity, const wire::Sync& sync);
  void leaving(const AgentIdentity& identity);
  void restarting(const AgentIdentity& identity);
  void survey(const AgentIdentity& identity, const wire::Survey& survey);
  void forget_agent(const AgentId& id);
  void set_drain(const AgentId& id, bool draining);
  void renew(const AgentId& agent);

  // job_messages.cc
  void accept(const AgentId& agent, const wire::Accept& accept);
  void refuse(const AgentId& agent, const wire::Refuse& refuse);
  void phase(const AgentId& agent, const wire::PhaseChange& change);
  void resource(const AgentId& agent, const wire::ResourceEvent& event);
  void result(const AgentId& agent, const wire::JobResult& result,
              const std::optional<std::string>& missing_file);
  void log_stored(const wire::JobRef& ref, uint64_t length);

  // submission.cc
  void submitted(const Submitted& event);
  void cancel_build(const BuildId& id, const std::string& reason);
  void cancel_job(const JobId& id, const std::string& reason);
  void requeue_job(const JobId& id);

  // deadlines.cc
  void fire_deadlines();
  void place_jobs();

  /// Refuses, counts and notes what the table does not allow; true when the job moved.
  bool move(Job& job, JobState to);
  void refuse_event(Error error) { effects_.refusal = std::move(error); }
  void note(std::string text, std::string subject);

 private:
  // transitions.cc
  void arm_deadlines(const Job& job);
  void offer(Job& job, Agent& agent, const Placement& placement);
  void send_offer(const Job& job);
  void end_attempt(Job& job, AttemptEnd end, Error error);
  /// Ends the attempt; the job is tried again while the retry limit allows, else it fails.
  void retry_or_fail(Job& job, AttemptEnd end, Error error);
  /// The agent is gone or no longer has the job.
  void lose(Job& job, const std::string& why);
  void stop(Job& job, JobState ending, const std::string& reason);
  void finish_stopped(Job& job, Error error);
  void revive(Job& job);
  void advance(Job& job, wire::Phase phase);

  // session.cc
  std::vector<wire::JobVerdict> judge(const AgentId& agent,
                                      const std::vector<wire::RunningJob>& reported);
  wire::JobVerdict verdict(const AgentId& agent, const wire::RunningJob& reported);
  void look_for_missing(Agent& agent, const std::vector<wire::RunningJob>& reported, bool rebooted);

  // job_messages.cc
  /// The job, when `agent` holds it under this epoch; otherwise counts and answers Revoke.
  Job* held_job(const AgentId& agent, const wire::JobRef& ref);

  // deadlines.cc
  void check_leases();
  void check_held(Job& job);
  void check_queued();

  bool over(Instant since, Duration limit);  // arms the deadline when it is not over yet

  State& state_;
  Now now_;
  Effects effects_;
};

}  // namespace farm::coordinator
