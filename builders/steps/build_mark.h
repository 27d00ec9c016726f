// Build mark: the text by which what a build makes at a provider is found again, in tags and names.
#pragma once

#include <string>

#include "builders/core/build_context.h"

namespace farm::builders::steps {

/// The lease, which is the same after a restart of everything and differs between the jobs and the
/// attempts of one build; the build's run where there is no lease.
std::string build_mark(const BuildContext& context);

}  // namespace farm::builders::steps
