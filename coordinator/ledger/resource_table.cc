#include "coordinator/ledger/resource_table.h"

namespace farm::coordinator {
namespace {

ResourceKey key_of(const wire::ResourceEvent& event) {
  return {event.ref.job, event.ref.epoch, event.intent};
}

ResourceKey first_of(const JobId& job) { return {job, {}, 0}; }

}  // namespace

bool ResourceTable::apply(const wire::ResourceEvent& event, const AgentId& agent, WallTime now) {
  using Kind = wire::ResourceEvent::Kind;
  const ResourceKey key = key_of(event);
  if (gone_.count(key) != 0) return false;
  const auto it = open_.find(key);
  switch (event.kind) {
    case Kind::Intent:
      if (it != open_.end()) return false;
      open_.emplace(key, Resource{event, agent, now});
      return true;
    case Kind::Bound:
      if (it == open_.end()) {
        open_.emplace(key, Resource{event, agent, now});
        return true;
      }
      if (it->second.event.kind == Kind::Bound) return false;
      it->second.event.kind = Kind::Bound;
      it->second.event.id = event.id;
      return true;
    case Kind::Gone:
      gone_.insert(key);
      if (it == open_.end()) return false;
      open_.erase(it);
      return true;
  }
  return false;
}

void ResourceTable::load(Resource resource) {
  const ResourceKey key = key_of(resource.event);
  open_.insert_or_assign(key, std::move(resource));
}

const Resource* ResourceTable::find(const ResourceKey& key) const {
  const auto it = open_.find(key);
  return it == open_.end() ? nullptr : &it->second;
}

std::vector<Resource> ResourceTable::of(const JobId& job) const {
  std::vector<Resource> found;
  for (auto it = open_.lower_bound(first_of(job)); it != open_.end() && it->first.job == job;
       ++it) {
    found.push_back(it->second);
  }
  return found;
}

}  // namespace farm::coordinator
