// Interpolation of a legacy template's user variables: defaults and given values, which may refer
// to each other and, only here, to the environment and to secret stores.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "common/base/random.h"
#include "common/template/interpolate/engine.h"
#include "common/template/json/legacy_template.h"

namespace farm::json {

/// What variable values can see. `inputs.user_variables` is not used.
struct VariableWorld {
  interpolate::Inputs inputs;
  Random& random;
  std::function<std::optional<std::string>(const std::string&)> environment;
  /// vault, consul_key, aws_secretsmanager...; null: refused.
  std::function<Result<std::string>(const std::string& kind, const std::vector<std::string>&)>
      secret;
};

/// Final values of all variables: the template's, overlaid by `given` (-var-file, -var; undeclared
/// names are welcome). Errors: `required variable not set: X` for each, else
/// `Failed to interpolate "X": ...` for each that cannot be resolved in 100 passes.
Diagnosed<std::map<std::string, std::string>> resolve_variables(
    const LegacyTemplate& parsed, const std::map<std::string, std::string>& given,
    const VariableWorld& world);

}  // namespace farm::json
