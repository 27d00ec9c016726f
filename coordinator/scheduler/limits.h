// Limits: how many jobs may use one node, datastore or credential of a provider at a time, and where
// at the provider a job goes. What a leased job uses are its tokens: "node pve1@pve.example:8006".
// They are counted by the queue, whichever agent the job came through. Part of the pure core.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/fleet/agent.h"
#include "coordinator/queue/job.h"

namespace farm::coordinator {

/// "node pve1", "node pve1@pve.example:8006", "datastore *", "credential root@pam!farm" -> jobs.
struct Limits {
  std::map<std::string, uint32_t> jobs;

  /// The nearest of: the token itself, its name at any provider, every other name of its kind.
  std::optional<uint32_t> of(std::string_view token) const;
};

/// "node pve1@pve.example:8006" -> "node pve1 of pve.example:8006".
std::string token_words(std::string_view token);

/// Tokens held, with those of a round that is being decided.
class TokenCount {
 public:
  TokenCount(const std::map<std::string, uint32_t>& held, const Limits& limits)
      : held_(held), limits_(limits) {}
  uint32_t held(const std::string& token) const;
  bool full(const std::string& token) const;
  void take(const std::vector<std::string>& tokens);
  /// "node pve1 of pve.example:8006 has 2 of at most 2 jobs".
  std::string words(const std::string& token) const;

 private:
  const std::map<std::string, uint32_t>& held_;
  const Limits& limits_;
  std::map<std::string, uint32_t> taken_;
};

/// Where a job would go through one agent.
struct Spot {
  std::string node;                 // chosen for a template that leaves it open; may be empty
  std::vector<std::string> tokens;  // sorted
  std::string full;                 // a token that is at its limit; empty: there is room
};

/// An open node is chosen by what the agent last saw: of those that are online, have the datastores
/// and are below their limit the one with most free memory per job placed there since. Without such
/// a view the builder chooses, and no node is counted.
Spot find_spot(const JobPlace& place, const Agent& agent, const TokenCount& count);

}  // namespace farm::coordinator
