// Agent: one enrolled machine that runs jobs, as the coordinator knows it: what it offers, whether
// it is heard of, which jobs it holds. Plain data, changed by the core alone.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/wire/message.h"

namespace farm::coordinator {

/// Who an authenticated peer is, as enrolled. Labels are those its token allowed.
struct AgentIdentity {
  AgentId id;
  std::string name;
  std::vector<std::string> labels;
};

struct Agent {
  AgentId id;
  std::string name;
  std::vector<std::string> labels;  // sorted
  std::string boot_id;
  std::string version;
  std::vector<std::string> builders;         // sorted
  std::vector<std::string> provisioners;     // sorted
  std::vector<std::string> post_processors;  // sorted
  uint32_t slots = 0;
  uint32_t cpus = 0;
  uint64_t memory_bytes = 0;
  uint64_t disk_bytes = 0;
  bool draining = false;  // an operator said so; kept over restarts
  WallTime seen;

  // Known in this process only.
  bool connected = false;   // said Hello to this process of the coordinator
  uint64_t features = 0;    // wire::features
  bool leaving = false;     // the agent itself wants nothing new, until its next Hello
  std::vector<std::string> component_schemas;  // of its external components, as it said them
  std::vector<wire::ProviderView> views;       // what it last saw at its providers
  WallTime surveyed;                           // when; 0: not yet
  std::map<std::string, uint32_t> placed;      // jobs put on each node since then
  std::set<JobId> jobs;     // those it holds a lease of; |jobs| <= slots except after a shrink

  bool takes_jobs() const { return !draining && !leaving; }
  uint32_t free_slots() const {
    const auto held = static_cast<uint32_t>(jobs.size());
    return held >= slots ? 0 : slots - held;
  }
};

}  // namespace farm::coordinator
