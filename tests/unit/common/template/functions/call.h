// Calls one function of the table as the evaluator does (count, null, unknown, conversion) against
// a small world in memory. Arguments and results are JSON, errors are "error: ..." or
// "error in NAME: ..." with the parameter's name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/template/functions/function.h"

namespace farm::functions {

class World final : public Outside {
 public:
  std::map<std::string, std::string> files;  // by path as the function asks for it
  std::map<std::string, std::string> variables;
  std::vector<std::string> asked_secrets;

  Result<std::string> read_file(const std::string& path) override;
  Result<bool> file_exists(const std::string& path) override;
  Result<std::vector<std::string>> list_files(const std::string& directory) override;
  std::string working_directory() override { return "/srv/cwd"; }
  std::string home_directory() override { return "/home/ann"; }
  std::optional<std::string> environment(const std::string& name) override;
  Result<std::string> secret(const std::string& kind,
                             const std::vector<std::string>& arguments) override;
};

struct Call {
  World world;
  SeededRandom random{7};
  CallContext context{world, random, {}, {}, "", false, {}};

  Outcome outcome(const std::string& name, const std::vector<value::Value>& arguments);
  /// `json_arguments` is an array.
  std::string text(const std::string& name, const std::string& json_arguments);
};

/// JSON of a value, "no JSON" for infinity, "unknown" or "error...: ...".
std::string outcome_text(const std::string& name, const Outcome& outcome);

struct Case {
  std::string name;
  std::string arguments;
  std::string expected;
};

/// Expects each call to give its text.
void expect_calls(const std::vector<Case>& cases);

}  // namespace farm::functions
