#include "agent/runner/post_processing.h"

#include <fmt/format.h>

#include "agent/runner/spool_ui.h"
#include "common/base/log.h"

namespace farm::agent {
namespace {

constexpr const char* kGeneratedState = "generated_data";

class Chain {
 public:
  Chain(builders::BuildContext& context, const ComponentSetup& setup,
        const StepObserver& observer)
      : context_(context), setup_(setup), observer_(observer) {}

  PostProcessingOutcome run(const std::vector<std::vector<plan::PostProcessorSpec>>& sequences,
                            artifact::Artifact built) {
    if (!built.state.contains(kGeneratedState)) {
      built.state.emplace(kGeneratedState, value::Value::object(generated_values(context_)));
    }
    bool keep_built = sequences.empty();
    for (const auto& sequence : sequences) {
      if (context_.cancel.cancelled()) {
        keep_built = true;  // nothing that exists is thrown away because of an interruption
        break;
      }
      if (run_sequence(sequence, built)) keep_built = true;
    }
    if (keep_built) {
      outcome_.artifacts.insert(outcome_.artifacts.begin(), std::move(built));
    } else {
      destroy(built);
    }
    finish();
    return std::move(outcome_);
  }

 private:
  // True when the first post-processor wants the builder's artifact kept.
  bool run_sequence(const std::vector<plan::PostProcessorSpec>& sequence,
                    const artifact::Artifact& built) {
    bool keep_built = false;
    artifact::Artifact prior = built;
    for (size_t i = 0; i < sequence.size(); ++i) {
      Result<builders::PostProcessed> done = process(sequence[i].component, prior);
      if (!done) {
        errors_.push_back("Post-processor failed: " + done.error().message);
        code_ = done.error().code;
        return keep_built;
      }
      if (!done->artifact) return keep_built;
      const bool keep = keeps_input(sequence[i], *done);
      if (i == 0) {
        keep_built = keep;
      } else if (keep) {
        outcome_.artifacts.push_back(std::move(prior));
      } else {
        destroy(prior);
      }
      prior = *std::move(done->artifact);
    }
    outcome_.artifacts.push_back(std::move(prior));
    return keep_built;
  }

  static bool keeps_input(const plan::PostProcessorSpec& spec,
                          const builders::PostProcessed& done) {
    if (done.force_keep && done.keep_input) return true;
    return spec.keep_input_artifact.value_or(done.keep_input);
  }

  Result<builders::PostProcessed> process(const plan::ComponentSpec& spec,
                                          const artifact::Artifact& input) {
    TRY(context_.cancel.check());
    observer_("post-processors");
    context_.ui.say(spec.name == spec.type
                        ? fmt::format("Running post-processor: {}", spec.type)
                        : fmt::format("Running post-processor: {} (type {})", spec.name,
                                      spec.type));
    observer_(std::string(kPostProcessorStep) + spec.type);
    const GeneratedValues generated = generated_of(input);
    const std::unique_ptr<builders::PostProcessor> component =
        TRY(set_up_post_processor(setup_, spec, &generated));
    return component->process(context_, input);
  }

  // A post-processor may have made an artifact that lost the values; the build's own stand in.
  GeneratedValues generated_of(const artifact::Artifact& input) const {
    const auto found = input.state.find(kGeneratedState);
    if (found == input.state.end() || found->second.is_null() || !found->second.is_known() ||
        found->second.type().kind() != value::Kind::Object) {
      return generated_values(context_);
    }
    return found->second.entries();
  }

  void destroy(const artifact::Artifact& artifact) {
    const Result<void> destroyed = artifact::destroy(artifact, context_.working_directory);
    if (destroyed) return;
    context_.ui.error("Error destroying artifact: " + destroyed.error().message);
    log::warn("artifact not destroyed", {{"error", destroyed.error().message}});
  }

  void finish() {
    if (context_.cancel.cancelled()) {
      outcome_.error = cancelled("Build was cancelled.");
    } else if (!errors_.empty()) {
      std::string text = fmt::format("{} error(s) occurred:\n", errors_.size());
      for (const std::string& error : errors_) text += "\n* " + error;
      outcome_.error = Error{code_, std::move(text)};
    }
  }

  builders::BuildContext& context_;
  const ComponentSetup& setup_;
  const StepObserver& observer_;
  PostProcessingOutcome outcome_;
  std::vector<std::string> errors_;
  ErrorCode code_ = ErrorCode::Internal;
};

}  // namespace

PostProcessingOutcome run_post_processors(builders::BuildContext& context,
                                          const plan::JobSpec& job, const ComponentSetup& setup,
                                          const StepObserver& observer,
                                          artifact::Artifact built) {
  return Chain(context, setup, observer).run(job.post_processors, std::move(built));
}

}  // namespace farm::agent
