// FaultPoint: a named place where a test may kill the process, as a power cut would: between a record
// and its answer, between an intent and its create. Costs one comparison when no fault is asked for.
#pragma once

#include <string_view>

namespace farm {

/// SIGKILLs this process when the environment variable FARM_FAULT names this place: "NAME" at the
/// first passage of a process, "NAME:3" at the third, "NAME@FILE" only if FILE can be removed: it
/// burns like a fuse, so that the successor of the process lives. Any thread.
void fault_point(std::string_view name);

}  // namespace farm
