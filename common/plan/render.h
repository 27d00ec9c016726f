// Passing a component's config through the {{ }} engine: at plan with placeholders for what is
// known late, and again on the agent just before the component is prepared for real.
#pragma once

#include <map>
#include <string>

#include "common/plan/plan.h"
#include "common/plan/schema.h"

namespace farm::plan {

/// Every string (nested, and map keys) of `raw` rendered once, except options that the schema marks
/// late_template. `generated` null: {{build `X`}} stays as {{.X}}. InvalidInput collects all:
/// "render 'FIELD': ...". Before the run {{build}} is an error in a builder and for values that no
/// build has.
Result<value::Value> render_config(const value::Value& raw, const ComponentSchema& schema,
                                   const RenderInputs& inputs, Random& random,
                                   const std::map<std::string, value::Value>* generated);

/// The config of `spec` as it is now known: the late body evaluated with `build` values (null:
/// every build.* is the string "<unknown>", as at prepare), else spec.config.
Result<value::Value> resolve_late(const ComponentSpec& spec, const ComponentSchema& schema,
                                  const value::Value::Map* build, WallTime now,
                                  const std::string& working_directory);

}  // namespace farm::plan
