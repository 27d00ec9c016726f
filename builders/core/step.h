// Step: one undoable action of a build; StepRunner runs a list of them and undoes it in reverse.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "builders/core/build_context.h"

namespace farm::builders {

class Step {
 public:
  virtual ~Step() = default;
  /// As users read it: "create_disk".
  virtual std::string_view name() const = 0;
  /// One action; may block, honours context.cancel.
  virtual Result<void> run(BuildContext& context) = 0;
  /// Undoes run(). Called in reverse order for every step whose run() was entered, also after
  /// failure or cancellation, with a cancel token of its own. Must cope with a half-done run().
  virtual Result<void> cleanup(BuildContext&) { return {}; }
};
using StepPtr = std::unique_ptr<Step>;

template <class... Steps>
std::vector<StepPtr> step_list(Steps... steps) {
  std::vector<StepPtr> list;
  (list.push_back(std::make_unique<Steps>(std::move(steps))), ...);
  return list;
}

/// Runs `steps` in order and their cleanups in reverse, by context.on_error and context.debug.
/// The first error is the result; cleanup errors are said and logged, they never replace it.
/// A cancelled build gives Error{Cancelled, "Build was cancelled."}.
Result<void> run_steps(BuildContext& context, const std::vector<StepPtr>& steps);

}  // namespace farm::builders
