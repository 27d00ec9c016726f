// ResourceTable: what attempts announced to create in hypervisors, clouds and on agents, until it
// is gone (design.md section 8). An entry only moves Intent -> Bound -> Gone; Gone removes it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/wire/message.h"

namespace farm::coordinator {

struct ResourceKey {
  JobId job;
  Epoch epoch;
  uint64_t intent = 0;
  friend auto operator<=>(const ResourceKey&, const ResourceKey&) = default;
};

struct Resource {
  wire::ResourceEvent event;  // kind Intent or Bound
  AgentId agent;
  WallTime since;
};

class ResourceTable {
 public:
  /// True when the event changed the table. A replayed or late event changes nothing: Intent after
  /// Bound, anything after Gone.
  bool apply(const wire::ResourceEvent& event, const AgentId& agent, WallTime now);
  void load(Resource resource);
  const Resource* find(const ResourceKey& key) const;
  const std::map<ResourceKey, Resource>& open() const { return open_; }
  std::vector<Resource> of(const JobId& job) const;

 private:
  std::map<ResourceKey, Resource> open_;
  std::set<ResourceKey> gone_;  // so that a late Intent cannot bring one back
};

}  // namespace farm::coordinator
