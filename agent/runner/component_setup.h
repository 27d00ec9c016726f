// Getting a component ready on the agent: its late body is evaluated, its strings pass the {{ }}
// engine, the component is made and prepared. Done once before the build for early errors and again
// just before each run, when the values that are known late are there.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "builders/core/registry.h"
#include "common/base/clock.h"
#include "common/base/environment.h"
#include "common/base/random.h"
#include "common/plan/plan.h"
#include "common/value/value.h"

namespace farm::agent {

using GeneratedValues = std::map<std::string, value::Value>;

/// What every component of a job is made from. References outlive the job.
struct ComponentSetup {
  const builders::Registry& registry;
  const plan::ComponentCatalog& catalog;
  const plan::RenderInputs& render;
  const Environment& environment;
  const Clock& clock;
  Random& random;
  std::string working_directory;
  bool force = false;
};

/// `generated` null: values known late are placeholders. Errors are whole sentences for users.
Result<std::unique_ptr<builders::Builder>> set_up_builder(const ComponentSetup& setup,
                                                          const plan::ComponentSpec& spec);
Result<std::unique_ptr<builders::Provisioner>> set_up_provisioner(
    const ComponentSetup& setup, const plan::ComponentSpec& spec,
    const GeneratedValues* generated);
Result<std::unique_ptr<builders::PostProcessor>> set_up_post_processor(
    const ComponentSetup& setup, const plan::ComponentSpec& spec,
    const GeneratedValues* generated);

/// The config of a component as it is now known, before prepare().
Result<value::Value> component_config(const ComponentSetup& setup, plan::ComponentKind kind,
                                      const plan::ComponentSpec& spec,
                                      const GeneratedValues* generated);

/// build.* as provisioners and post-processors see it: what the builder and its steps set, and the
/// names that always exist (template-hcl2.md section 4) with their "no value" forms.
GeneratedValues generated_values(const builders::BuildContext& context);

}  // namespace farm::agent
