// SurveyDesk: what was asked of the agents about their providers, and what they have answered: the
// things that bear the mark of a build, each compared with the ledger. Reactor thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/state.h"

namespace farm::coordinator {

/// How a marked thing stands to what this coordinator knows.
enum class MarkedState : uint8_t {
  Running,     // of a job that is being built
  Recorded,    // of one that has ended; in the ledger: its agent removes it
  Unrecorded,  // of one that has ended; in no ledger
  Unknown,     // of no job of this farm: another farm's, or of a farmctl build
};
const char* marked_state_name(MarkedState state);
MarkedState marked_state(const State& state, const wire::MarkedThing& thing);

class SurveyDesk {
 public:
  using Orders = std::vector<std::pair<AgentId, wire::SurveyOrder>>;

  /// Every agent in `agents` is asked; `remove` goes to the agents that saw the things.
  Orders open(const RequestId& id, const std::vector<AgentId>& agents,
              const std::map<AgentId, std::vector<wire::MarkedThing>>& remove, Instant now);
  /// An answer; one that nobody waits for is left alone.
  void heard(const AgentId& agent, const wire::Survey& survey);
  /// JSON; NotFound: no such survey, or it is too long ago.
  Result<std::string> answer(const RequestId& id, const State& state, Now now);

 private:
  struct Asked {
    Instant since{};
    std::map<AgentId, bool> answered;
    std::vector<std::pair<AgentId, wire::Survey>> surveys;
  };
  void forget_old(Instant now);

  std::map<RequestId, Asked> asked_;
};

}  // namespace farm::coordinator
