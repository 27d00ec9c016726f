// The weight of a verified table: how many bytes its strings and vectors take once they are copied
// out. Offsets of a buffer may all lead to one string, so that a frame of one megabyte would unpack
// to gigabytes; what we encode ourselves never shares, so more than the buffer holds is an attack.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>

namespace farm::wire {

/// Whether everything reachable from `table` (of type `types`) fits `limit` bytes. The buffer must
/// have passed its verifier. Ends as soon as the limit is passed.
bool weighs_at_most(const flatbuffers::Table& table, const flatbuffers::TypeTable& types,
                    uint64_t limit);

}  // namespace farm::wire
