// What a job cycle cannot beat: synced RocksDB batches of the same records, and round trips of
// frames of the same size over CURVE, each alone on this machine.
#pragma once

#include <cstddef>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm::bench {

/// A round trip takes `request` to the router and `reply` back; every dealer has one under way.
struct RoundTrips {
  std::string request;
  std::string reply;
  size_t dealers = 64;
};
/// Round trips per second.
Result<double> measure_round_trips(const RoundTrips& what, Duration time);

struct SyncedBatches {
  std::string directory;  // of a store of its own; must be empty
  std::string record;
  size_t records_per_batch = 1;
};
/// Batches per second, one after the other, through the coordinator's own store.
Result<double> measure_batches(const SyncedBatches& what, Duration time);

}  // namespace farm::bench
