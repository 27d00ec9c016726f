// PuppetRun: one run of Puppet on the guest as both provisioners do it: the staging directory, the
// command line with its facts, the exit codes, cleaning up.
#pragma once

#include <string>

#include "builders/staging/guest.h"
#include "builders/staging/puppet.h"

namespace farm::builders::staging {

struct PuppetCommand {
  std::string verb;           // "apply", or "agent" and the options it always has
  std::string options;        // puppet_option()s of the provisioner
  std::string manifest;       // what comes last; may be empty
  value::Value::Map fields;   // what an execute_command may use, beside the common ones
};

class PuppetRun {
 public:
  /// Makes the staging directory; `name` is its last part unless the template names one. `options`
  /// and `context` must outlive the object.
  static Result<PuppetRun> begin(BuildContext& context, const PuppetOptions& options,
                                 const std::string& name);

  const Guest& guest() const { return guest_; }
  const std::string& staging() const { return staging_; }
  /// "Running Puppet: ...": 0 and 2 (something was changed) are good. Then the staging directory
  /// goes, if the template says so.
  Result<void> finish(const PuppetCommand& command);

 private:
  PuppetRun(BuildContext& context, const PuppetOptions& options, std::string staging, Guest guest)
      : context_(&context), options_(&options), staging_(std::move(staging)), guest_(guest) {}
  Result<std::string> line(const PuppetCommand& command) const;
  std::string facter_variables() const;

  BuildContext* context_;
  const PuppetOptions* options_;
  std::string staging_;
  Guest guest_;
};

/// The default command leaves out options it has nothing for: "--name='value' " or nothing.
std::string puppet_option(const std::string& name, const std::string& value);

}  // namespace farm::builders::staging
