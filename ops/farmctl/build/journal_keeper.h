// Keeps the number of journals small: when many have gathered, the local store takes them in, in a
// process of its own that this build does not wait for.
#pragma once

#include <string>

namespace farm::farmctl {

/// Starts `farmctl-local merge` detached when `state` holds 32 journals or more. Failing to start it
/// costs nothing: readers merge too.
void merge_journals_later(const std::string& state);

}  // namespace farm::farmctl
