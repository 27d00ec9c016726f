// CrowdWorker: a process that plays some of the simulated agents: they say hello, sync as often as
// they are told, take one job each and hold it, and come back when the coordinator went away.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/crowd/enrolled_crowd.h"

namespace farm::bench {

/// Shared by the processes of the crowd.
struct CrowdCounters {
  std::atomic<uint64_t> welcomed{0};  // since reset()
  std::atomic<uint64_t> leases{0};    // jobs held
  std::atomic<uint64_t> kept{0};      // of them, said to be kept after a reconnect
  std::atomic<uint64_t> lost{0};      // said to be given up
  std::atomic<uint64_t> syncs{0};
  std::atomic<uint64_t> failures{0};
};

struct CrowdPart {
  std::string endpoint;
  std::string server_key;
  std::vector<net::CurveKeys> agents;
  size_t first = 0;  // number of the first agent
};

/// Runs until the process is killed.
[[noreturn]] void run_crowd_worker(const CrowdPart& part, CrowdCounters& counters);

}  // namespace farm::bench
