// The {{ }} engine of component strings: the part of Go's text/template that templates use, with
// Packer's functions. Used on legacy JSON and, after HCL decoding, on HCL2 component strings too.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/value/value.h"

namespace farm::interpolate {

/// What the engine can see besides a component's own data fields. Fixed per job by the plan.
struct Inputs {
  std::map<std::string, std::string> user_variables;  // JSON templates; {{user `x`}}
  std::string build_name;         // {{build_name}}, packer_build_name
  std::string build_type;         // {{build_type}}, packer_builder_type
  std::string template_dir;       // absolute; empty for stdin
  std::string working_directory;  // {{pwd}}
  std::string core_version;       // {{packer_version}}
  WallTime start;                 // {{timestamp}}, {{isotime}}: one moment per submission
  bool hcl2 = false;              // {{user}} yields "", {{build}} is refused
};

struct Context {
  const Inputs& inputs;
  Random& random;  // {{uuid}}
  /// `.X` fields; nested maps as objects.
  value::Value::Map data;
  /// {{build `X`}}: null = not known yet, the call stays as `{{.X}}`.
  const std::map<std::string, value::Value>* generated = nullptr;
  /// {{env `X`}}: null = "env vars are not allowed here".
  std::function<std::optional<std::string>(const std::string&)> environment = {};
  /// vault, consul_key, aws_secretsmanager...: null = not valid here.
  std::function<Result<std::string>(const std::string& kind, const std::vector<std::string>&)>
      secret = {};
  /// A user variable that is not known: error instead of "" (while interpolating variables).
  bool unknown_user_is_error = false;
  /// `{{ .X }}` without data stays literally (variables pass).
  bool keep_dot_fields = false;
  /// More functions by name, e.g. clean_resource_name.
  std::map<std::string, std::function<Result<std::string>(const std::vector<std::string>&)>>
      extra = {};
  /// `.X` that `data` does not have: an error, as where Packer renders with a struct, instead of
  /// "<no value>".
  bool missing_field_is_error = false;
};

/// Renders `text`. InvalidInput with Go's words (`function "x" not defined`). Bounded in steps,
/// depth and size of the output.
Result<std::string> render(std::string_view text, const Context& context);
/// Parses only; `text` without "{{" is always good.
Result<void> check_syntax(std::string_view text);

}  // namespace farm::interpolate
