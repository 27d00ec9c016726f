// Surveys: what a runner does in a directory that holds an order instead of a lease: it removes what
// the order names, looks at the providers that the agent's environment has credentials for, and
// writes the answer. Files: order and answer (wire frames).
#pragma once

#include <string>

#include "builders/core/registry.h"

namespace farm::agent {

bool is_survey(const std::string& directory);
/// Exit code of the process.
int run_survey(const std::string& directory, const builders::Registry& registry);

/// Whether there is any provider to look at.
bool can_survey(const builders::Registry& registry, const Environment& environment);

}  // namespace farm::agent
