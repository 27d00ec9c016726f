#include "coordinator/fleet/fleet.h"

#include <algorithm>

namespace farm::coordinator {

Agent* Fleet::find(const AgentId& id) {
  const auto it = agents_.find(id);
  return it == agents_.end() ? nullptr : &it->second;
}

const Agent* Fleet::find(const AgentId& id) const {
  const auto it = agents_.find(id);
  return it == agents_.end() ? nullptr : &it->second;
}

const Agent* Fleet::find(std::string_view text) const {
  const Agent* found = nullptr;
  for (const auto& [id, agent] : agents_) {
    if (agent.name == text) return &agent;
    if (text.size() >= 3 && id.str().compare(0, text.size(), text) == 0) {
      if (found != nullptr) return nullptr;
      found = &agent;
    }
  }
  return found;
}

Agent& Fleet::add(const AgentId& id) {
  Agent& agent = agents_[id];
  agent.id = id;
  return agent;
}

Agent& Fleet::add(Agent agent) {
  const AgentId id = agent.id;
  return agents_.insert_or_assign(id, std::move(agent)).first->second;
}

uint32_t Fleet::connected() const {
  return static_cast<uint32_t>(std::count_if(agents_.begin(), agents_.end(),
                                             [](const auto& e) { return e.second.connected; }));
}

}  // namespace farm::coordinator
