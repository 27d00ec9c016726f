#include "coordinator/core/step.h"

#include <algorithm>

#include "coordinator/core/turn.h"

namespace farm::coordinator {
namespace {

struct ApplyMessage {
  Turn& turn;
  const AgentSaid& said;

  void operator()(const wire::Hello& m) const { turn.hello(said.agent, m); }
  void operator()(const wire::Sync& m) const { turn.sync(said.agent, m); }
  void operator()(const wire::Drain&) const { turn.leaving(said.agent); }
  void operator()(const wire::Restarting&) const { turn.restarting(said.agent); }
  void operator()(const wire::Survey& m) const { turn.survey(said.agent, m); }
  void operator()(const wire::Accept& m) const { turn.accept(said.agent.id, m); }
  void operator()(const wire::Refuse& m) const { turn.refuse(said.agent.id, m); }
  void operator()(const wire::PhaseChange& m) const { turn.phase(said.agent.id, m); }
  void operator()(const wire::ResourceEvent& m) const { turn.resource(said.agent.id, m); }
  void operator()(const wire::JobResult& m) const {
    turn.result(said.agent.id, m, said.missing_file);
  }
  template <class Other>
  void operator()(const Other&) const {
    turn.refuse_event(invalid_input("an agent does not send this message"));
  }
};

struct ApplyEvent {
  Turn& turn;

  void operator()(const AgentSaid& e) const {
    turn.renew(e.agent.id);
    std::visit(ApplyMessage{turn, e}, e.message);
  }
  void operator()(const Submitted& e) const { turn.submitted(e); }
  void operator()(const CancelBuild& e) const { turn.cancel_build(e.build, e.reason); }
  void operator()(const CancelJob& e) const { turn.cancel_job(e.job, e.reason); }
  void operator()(const RequeueJob& e) const { turn.requeue_job(e.job); }
  void operator()(const SetDrain& e) const { turn.set_drain(e.agent, e.draining); }
  void operator()(const ForgetAgent& e) const { turn.forget_agent(e.agent); }
  void operator()(const LogStored& e) const { turn.log_stored(e.ref, e.length); }
};

/// When something that happened at `wall` was on today's steady clock.
Instant steady_of(WallTime wall, Now now) {
  const int64_t ago = wall.nanos == 0 ? 0 : std::max<int64_t>(0, now.wall.nanos - wall.nanos);
  return now.steady - Duration(ago);
}

}  // namespace

Effects step(State& state, const Event& event, Now now) {
  Turn turn(state, now);
  std::visit(ApplyEvent{turn}, event);
  return turn.take();
}

Effects settle(State& state, Now now) {
  // A move may make the next one due at once (retry wait -> ready -> offered); five rounds are more
  // than the longest such chain, and what should be left over is due again at the next call.
  constexpr int kRounds = 5;
  Turn turn(state, now);
  for (int round = 0; round < kRounds; ++round) {
    const bool due = state.next_deadline && *state.next_deadline <= now.steady;
    if (!due && !state.place_wanted) break;
    if (due) turn.fire_deadlines();
    if (state.place_wanted) turn.place_jobs();
  }
  return turn.take();
}

void resume(State& state, Now now) {
  for (auto& [id, agent] : state.fleet.agents()) agent.jobs.clear();
  std::vector<JobId> ids;
  for (const auto& [id, job] : state.queue.jobs()) {
    if (!is_terminal(job.state)) ids.push_back(id);
  }
  for (const JobId& id : ids) {
    Job& job = *state.queue.job(id);
    job.since = now.steady;
    job.queued_since = steady_of(job.submitted, now);
    job.grew = now.steady;
    job.retry_at = now.steady;
    job.cancel_deadline = now.steady + state.policy.cancel_grace + state.policy.cancel_margin;
    const Attempt* attempt = job.current();
    if (attempt == nullptr) continue;
    job.started = attempt->accepted.nanos == 0 ? now.steady : steady_of(attempt->accepted, now);
    state.leases.renew(attempt->agent, now.steady + state.lease_ttl());
    if (Agent* agent = state.fleet.find(attempt->agent)) agent->jobs.insert(id);
  }
  state.place_wanted = true;
  state.arm(now.steady);
}

}  // namespace farm::coordinator
