#include "builders/core/step.h"

#include <fmt/format.h>

#include "builders/core/scoped_context.h"
#include "common/base/log.h"

namespace farm::builders {
namespace {

constexpr const char* kPrompt =
    "[c] Clean up and exit, [a] abort without cleanup, or [r] retry step (build may fail even if "
    "retry succeeds)?";

enum class AfterFailure { CleanUp, Abort, Retry };

AfterFailure decide(BuildContext& context, std::string_view step) {
  switch (context.on_error) {
    case OnError::Cleanup:
      return AfterFailure::CleanUp;
    case OnError::Abort:
    case OnError::RunCleanupProvisioner:
      context.ui.error(fmt::format("Step \"{}\" failed, aborting...", step));
      return AfterFailure::Abort;
    case OnError::Ask:
      break;
  }
  if (!context.ask) return AfterFailure::CleanUp;
  context.ui.error(fmt::format("Step \"{}\" failed", step));
  switch (context.ask(kPrompt)) {
    case 'a':
      return AfterFailure::Abort;
    case 'r':
      return AfterFailure::Retry;
    default:
      return AfterFailure::CleanUp;
  }
}

void tell_failure(BuildContext& context) {
  for (const auto& [step, hook] : context.at_failure) hook(context);
}

// Under a token of its own: what a cancelled build has made is undone as thoroughly as any other.
void clean_up(BuildContext& context, Step& step) {
  const CancelToken fresh;
  ScopedContext scoped(context, fresh);
  Result<void> cleaned = step.cleanup(scoped.context());
  if (cleaned) return;
  context.ui.error(fmt::format("Error cleaning up after step \"{}\": {}", step.name(),
                               cleaned.error().message));
  log::warn("cleanup failed", {{"step", step.name()}, {"error", cleaned.error().message}});
}

// Nothing is undone, except that run-cleanup-provisioner still runs that one provisioner; it lives
// in the cleanup of the provision step.
void leave_standing(BuildContext& context, const std::vector<StepPtr>& steps, size_t entered) {
  for (size_t i = entered; i-- > 0;) {
    if (context.on_error == OnError::RunCleanupProvisioner && steps[i]->name() == "provision") {
      clean_up(context, *steps[i]);
      continue;
    }
    context.ui.error(fmt::format("aborted: skipping cleanup of step \"{}\"", steps[i]->name()));
  }
  context.left_standing = true;
  for (const auto& [step, text] : context.reach) context.ui.say(text);
}

}  // namespace

Result<void> run_steps(BuildContext& context, const std::vector<StepPtr>& steps) {
  size_t entered = 0;
  bool abort = false;
  while (entered < steps.size()) {
    Step& step = *steps[entered];
    if (context.cancel.cancelled()) {
      context.failure = cancelled("Build was cancelled.");
      abort = context.on_error == OnError::Abort;
      break;
    }
    if (context.debug && context.ask) {
      context.ask(fmt::format("Pausing before step \"{}\". Press enter to continue.", step.name()));
    }
    log::debug("step begins", {{"step", step.name()}});
    Result<void> done = step.run(context);
    if (done) {
      ++entered;
      continue;
    }
    tell_failure(context);
    if (context.cancel.cancelled()) {
      context.failure = cancelled("Build was cancelled.");
      abort = context.on_error == OnError::Abort;
      ++entered;
      break;
    }
    const AfterFailure next = decide(context, step.name());
    if (next == AfterFailure::Retry) {
      clean_up(context, step);
      continue;
    }
    context.failure = std::move(done).error();
    abort = next == AfterFailure::Abort;
    ++entered;
    break;
  }
  // The last step may have ended in spite of it; what it made must not be taken for a result.
  if (context.cancel.cancelled() && !context.failure) {
    context.failure = cancelled("Build was cancelled.");
  }
  if (abort) {
    leave_standing(context, steps, entered);
  } else {
    while (entered > 0) clean_up(context, *steps[--entered]);
  }
  if (context.failure) return *context.failure;
  return {};
}

}  // namespace farm::builders
