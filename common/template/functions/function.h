// Function: one function of the template language and the table of them. The evaluator checks
// arguments against the parameters (count, null, unknown, conversion, marks) before it calls, so
// that a family file holds only the meaning. try, can and convert are lazy: the evaluator has them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/base/environment.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/value/value.h"

namespace farm::functions {

/// The world as functions see it. Planning in the coordinator gives a world of the bundle alone;
/// farmctl gives the user's. Paths are as written in the template, relative ones resolve against
/// `root` (path.root) or the working directory as template-hcl2.md section 1 says.
class Outside {
 public:
  virtual ~Outside() = default;
  /// Whole file. NotFound, Denied; InvalidInput for a directory.
  virtual Result<std::string> read_file(const std::string& path) = 0;
  /// True for a regular file, false when nothing is there; InvalidInput for a directory.
  virtual Result<bool> file_exists(const std::string& path) = 0;
  /// Every regular file below `directory`, slash paths relative to it, sorted.
  virtual Result<std::vector<std::string>> list_files(const std::string& directory) = 0;
  virtual std::string working_directory() = 0;
  virtual std::string home_directory() = 0;
  virtual std::optional<std::string> environment(const std::string& name) = 0;
  /// vault, consul_key, aws_secretsmanager...: `kind` is the function's name. Unavailable where
  /// planning may not reach out.
  virtual Result<std::string> secret(const std::string& kind,
                                     const std::vector<std::string>& arguments) = 0;
};

struct CallContext {
  Outside& outside;
  Random& random;
  WallTime now;       // timestamp()
  WallTime start;     // legacy_isotime, legacy_strftime: start of the run
  std::string root;   // path.root, for file functions
  bool env_allowed = false;  // env(): only in variable defaults
  /// Renders `source` as an HCL template with only these variables; set by the evaluator for
  /// templatefile(). `name` is used in error positions.
  std::function<Result<value::Value>(const std::string& source, const std::string& name,
                                     const value::Value::Map& variables)>
      render_template;
};

struct Parameter {
  std::string name;
  value::Type type;            // arguments are converted to it; dynamic takes anything
  bool allow_null = false;     // else a null argument is an error
  bool allow_unknown = false;  // else an unknown argument makes the result unknown, not called
};

/// An error bound to one argument (0-based); `argument` empty: about the call as a whole.
struct FunctionError {
  std::string message;
  std::optional<size_t> argument;
};

using Arguments = std::span<const value::Value>;
using Outcome = std::variant<value::Value, FunctionError>;

struct Function {
  std::string name;
  std::vector<Parameter> parameters;
  std::optional<Parameter> variadic;
  /// Type of the result for unknown arguments; dynamic when it depends on them.
  value::Type result;
  /// Arguments arrive converted, without marks; the caller marks the result when any was marked.
  std::function<Outcome(Arguments, CallContext&)> call;
  std::string description;  // one line, for `farmctl console` help
};

/// All functions by name (template-hcl2.md section 8). Built once, immutable.
const std::map<std::string, Function>& function_table();

}  // namespace farm::functions
