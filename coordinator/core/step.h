// step() and settle(): the decisions of the coordinator as functions of state, event and time. No
// I/O, clock, randomness or thread inside; everything they want done comes back as Effects.
#pragma once

#include "coordinator/core/effects.h"
#include "coordinator/core/event.h"
#include "coordinator/core/state.h"

namespace farm::coordinator {

/// Applies one event. A message about a job changes something only if its epoch is the job's last,
/// the attempt is open and `agent` holds it; anything else is counted and answered by what the
/// agent should do (ResultAck, Revoke). Applying the same message twice is applying it once.
Effects step(State& state, const Event& event, Now now);

/// Fires the deadlines that are over and places ready jobs. Called once after each round of events
/// and when state.next_deadline is over.
Effects settle(State& state, Now now);

/// After loading records: which jobs their agents hold, from when deadlines count. Agents have a
/// whole lease to come back.
void resume(State& state, Now now);

}  // namespace farm::coordinator
