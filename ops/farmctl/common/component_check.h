// The components' own checks of their configs (builders' pure halves), run while planning.
#pragma once

#include <string>

#include "common/base/environment.h"
#include "common/base/random.h"
#include "common/plan/planner.h"

namespace farm::farmctl {

struct CheckWorld {
  const Environment& environment;
  const std::string& working_directory;
  Random& random;
  WallTime start;
  bool force = false;
  bool nobody_to_ask = false;  // a build is to follow, and there is no terminal beside it
};

/// Renders each config of `job` with placeholders for what is known late and hands it to the
/// component's check, if it has one. Findings become diagnostics.
/// A finding points at the option it is about, where `places` knows that.
void check_components(const plan::JobSpec& job, const plan::ComponentPlaces& places,
                      const CheckWorld& world, Diagnostics& diagnostics);

}  // namespace farm::farmctl
