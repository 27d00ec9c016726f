// The farm in a test: a core state, a clock that moves when told, a few agents and submissions.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "coordinator/core/step.h"

namespace farm::coordinator {

struct FarmFixture {
  explicit FarmFixture(uint64_t seed = 1) : random(seed) {}

  Now now() const { return {clock.now(), clock.wall()}; }
  Effects tell(const Event& event);    // step, then settle
  Effects say(const AgentIdentity& agent, wire::Message message);
  Effects pass(Duration duration);     // time, then settle

  AgentIdentity new_agent(const std::string& name, std::vector<std::string> labels = {});
  static wire::Hello hello(const std::string& boot, uint32_t slots = 1,
                           std::vector<wire::RunningJob> jobs = {});
  Submitted submission(size_t jobs, const std::string& submitter = "ana",
                       const std::string& builder = "qemu");
  const Job& job(const JobId& id) const { return *state.queue.job(id); }
  wire::JobRef ref(const JobId& id) const { return {id, job(id).epoch}; }

  ManualClock clock;
  SeededRandom random;
  State state;
};

template <class M>
std::vector<M> sent(const Effects& effects) {
  std::vector<M> found;
  for (const SendToAgent& send : effects.sends) {
    if (const M* message = std::get_if<M>(&send.message)) found.push_back(*message);
  }
  for (const wire::Message& reply : effects.replies) {
    if (const M* message = std::get_if<M>(&reply)) found.push_back(*message);
  }
  return found;
}

}  // namespace farm::coordinator
