// ProvisionHook: what the Provision step of a builder calls: the template's provisioners in order
// over one communicator, each with its pause, timeout, retries and continue_on_error, and the
// error-cleanup-provisioner. Values known late are resolved just before each provisioner.
#pragma once

#include <functional>
#include <string_view>

#include "agent/runner/component_setup.h"

namespace farm::agent {

/// Told before each component runs: the name of the step for readers of the log.
using StepObserver = std::function<void(std::string_view step)>;

class ProvisionHook {
 public:
  /// All of them outlive the hook.
  ProvisionHook(const plan::JobSpec& job, const ComponentSetup& setup, StepObserver observer)
      : job_(job), setup_(setup), observer_(std::move(observer)) {}

  /// The first error stops the list.
  Result<void> run(builders::BuildContext& context) const;
  /// The error-cleanup-provisioner, if there is one. The Provision step calls it in its cleanup (so
  /// under a cancel token of its own), says what happens and joins its error with `original`.
  Result<void> run_error_cleanup(builders::BuildContext& context, const Error& original) const;

 private:
  Result<void> run_one(builders::BuildContext& context, const plan::ProvisionerSpec& spec) const;
  Result<void> with_retries(builders::BuildContext& context,
                            const plan::ProvisionerSpec& spec) const;
  Result<void> attempt(builders::BuildContext& context, const plan::ProvisionerSpec& spec) const;

  const plan::JobSpec& job_;
  const ComponentSetup& setup_;
  StepObserver observer_;
};

}  // namespace farm::agent
