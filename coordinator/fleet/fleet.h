// Fleet: the agents of the farm by id and name.
#pragma once

#include <map>
#include <string_view>

#include "coordinator/fleet/agent.h"

namespace farm::coordinator {

class Fleet {
 public:
  Agent* find(const AgentId& id);
  const Agent* find(const AgentId& id) const;
  /// By name, id or unique id prefix; nullptr when none or several fit.
  const Agent* find(std::string_view text) const;
  /// A new agent of which nothing else is known.
  Agent& add(const AgentId& id);
  Agent& add(Agent agent);
  void remove(const AgentId& id) { agents_.erase(id); }
  const std::map<AgentId, Agent>& agents() const { return agents_; }
  std::map<AgentId, Agent>& agents() { return agents_; }
  uint32_t connected() const;

 private:
  std::map<AgentId, Agent> agents_;
};

}  // namespace farm::coordinator
