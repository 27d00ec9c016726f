// Post-processing: passes the builder's artifact through the template's sequences one after the
// other and decides what is kept and what is destroyed (build-lifecycle.md, "Post-processor
// chaining").
#pragma once

#include <optional>
#include <vector>

#include "agent/runner/provision_hook.h"
#include "common/artifact/artifact.h"

namespace farm::agent {

struct PostProcessingOutcome {
  /// The builder's artifact first when it is kept, then per sequence kept ones and the last.
  std::vector<artifact::Artifact> artifacts;
  /// Set when a sequence failed; the others ran all the same.
  std::optional<Error> error;
};

/// `observer` hears "post-processor TYPE" before each and "post-processors" between them.
PostProcessingOutcome run_post_processors(builders::BuildContext& context,
                                          const plan::JobSpec& job, const ComponentSetup& setup,
                                          const StepObserver& observer,
                                          artifact::Artifact built);

}  // namespace farm::agent
