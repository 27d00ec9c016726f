// Reaper: removes at its provider what a build that was killed left behind. A platform registers one
// per kind of resource it writes into the ledger. The agent calls it in a process of its own, after
// the runner's death or at its own next start, with the configuration the dead job had, so that the
// credential is the one the build used: from the template, or from the agent's environment.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "builders/core/ui.h"
#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/environment.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/plan/plan.h"
#include "common/value/value.h"

namespace farm::builders {

/// One open entry of the dead build's ledger.
struct LeftResource {
  std::string kind;
  std::string name;  // as it was intended: what the resource is found by
  std::string id;    // as it was bound; empty: creation may or may not have happened
};

/// A component of the dead job with its config as prepare() gets it.
struct LeftComponent {
  plan::ComponentKind kind = plan::ComponentKind::Builder;
  std::string type;
  value::Value config;
};

struct ReapContext {
  Ui& ui;
  Clock& clock;
  Random& random;
  const Environment& environment;
  const CancelToken& cancel;
  const plan::RenderInputs& render;
  std::string working_directory;
  std::vector<LeftComponent> components;  // the builder first, then the post-processors

  /// The config of the first component of one of these types; nullptr: the job has none.
  const value::Value* config_of(const std::vector<std::string>& types) const;
};

/// Removes the resource and verifies that it is gone. Ok also when it never came to be, or when the
/// name belongs to somebody else's thing by now, which stays untouched. An error is tried again
/// later. Must be idempotent: it may have been killed half-way before.
using Reaper = std::function<Result<void>(ReapContext& context, const LeftResource& resource)>;

}  // namespace farm::builders
