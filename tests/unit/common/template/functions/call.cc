#include "call.h"

#include "common/template/functions/json_reader.h"

#include <gtest/gtest.h>

namespace farm::functions {
namespace {

using value::Value;

// ManualClock's start: 2024-01-02T03:04:05Z.
constexpr WallTime kStart{1'704'164'645'000'000'000};

FunctionError about(std::string message, size_t argument) {
  return {std::move(message), argument};
}

}  // namespace

Result<std::string> World::read_file(const std::string& path) {
  if (path == "folder") return invalid_input("is a directory");
  const auto it = files.find(path);
  if (it == files.end()) return not_found("no such file");
  return it->second;
}

Result<bool> World::file_exists(const std::string& path) {
  if (path == "folder") return invalid_input("folder is not a regular file, but \"drwxr-xr-x\"");
  return files.contains(path);
}

Result<std::vector<std::string>> World::list_files(const std::string& directory) {
  std::vector<std::string> found;
  for (const auto& [path, content] : files) {
    if (path.starts_with(directory + "/")) found.push_back(path.substr(directory.size() + 1));
  }
  if (found.empty()) return not_found("no such directory");
  return found;
}

std::optional<std::string> World::environment(const std::string& name) {
  const auto it = variables.find(name);
  if (it == variables.end()) return std::nullopt;
  return it->second;
}

Result<std::string> World::secret(const std::string& kind,
                                  const std::vector<std::string>& arguments) {
  std::string asked = kind;
  for (const std::string& argument : arguments) asked += " " + argument;
  asked_secrets.push_back(asked);
  if (kind == "consul_key") return unavailable("consul_key() cannot be asked here");
  return "secret of " + asked;
}

Outcome Call::outcome(const std::string& name, const std::vector<Value>& arguments) {
  context.now = context.start = kStart;
  const Function& function = function_table().at(name);
  if (arguments.size() < function.parameters.size() ||
      (arguments.size() > function.parameters.size() && !function.variadic)) {
    return FunctionError{"wrong number of arguments", std::nullopt};
  }
  std::vector<Value> converted;
  bool unknown = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Parameter& parameter =
        i < function.parameters.size() ? function.parameters[i] : *function.variadic;
    if (arguments[i].is_null() && !parameter.allow_null) {
      return about("argument must not be null", i);
    }
    unknown = unknown || (!arguments[i].is_known() && !parameter.allow_unknown);
    Result<Value> value = value::convert(arguments[i], parameter.type);
    if (!value) return about(value.error().message, i);
    converted.push_back(*value);
  }
  if (unknown) return Value::unknown(function.result);
  return function.call(converted, context);
}

std::string outcome_text(const std::string& name, const Outcome& outcome) {
  if (const auto* error = std::get_if<FunctionError>(&outcome)) {
    if (!error->argument) return "error: " + error->message;
    const Function& function = function_table().at(name);
    const size_t i = *error->argument;
    const Parameter& parameter =
        i < function.parameters.size() ? function.parameters[i] : *function.variadic;
    return "error in " + parameter.name + ": " + error->message;
  }
  const Value& value = std::get<Value>(outcome);
  if (!value.is_wholly_known()) return "unknown";
  Result<std::string> json = value::to_json(value);
  return json ? *json : "no JSON";
}

std::string Call::text(const std::string& name, const std::string& json_arguments) {
  const Result<Value> arguments = read_json(json_arguments);
  if (!arguments) return "bad arguments: " + arguments.error().message;
  return outcome_text(name, outcome(name, arguments->elements()));
}

void expect_calls(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name + c.arguments);
    Call call;
    EXPECT_EQ(call.text(c.name, c.arguments), c.expected);
  }
}

}  // namespace farm::functions
