// LedgerRecords: between the core's state and the store: the batch of what a round changed, and the
// state of what a store holds.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/state.h"
#include "coordinator/store/store.h"

namespace farm::coordinator {

/// Whether records hold what is secret in a submission: a farm needs it to run the job again after a
/// restart (and seals it); a run of `farmctl build` never does, so its journal has none of it.
enum class Secrets : uint8_t { Keep, LeaveOut };

/// The records that `effects` names, as they are in `state` now.
void add_records(const State& state, const Effects& effects, Batch& batch,
                 Secrets secrets = Secrets::Keep);

/// A record that could not be read; it stays in the store, its build is shown as damaged.
struct Damage {
  std::string key_hex;
  std::string reason;
};

/// Fills an empty state from the store. Unreadable records are left out and listed; jobs whose
/// build is unreadable are left out with it. Errors are those of the store itself.
Result<std::vector<Damage>> load_state(Store& store, State& state);

}  // namespace farm::coordinator
