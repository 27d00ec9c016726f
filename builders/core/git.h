// Git: questions to a repository through the `git` program, for the data sources that tell a
// template what it is built from. Nothing in the repository can make it run something else.
#pragma once

#include <string>
#include <vector>

#include "builders/core/data_source.h"

namespace farm::builders {

class Git {
 public:
  /// The repository around `path` (relative to the working directory). NotFound: there is none, or
  /// git is not installed.
  static Result<Git> open(const std::string& path, const DataSourceContext& context);

  /// Standard output of `git ARGUMENTS`, as it is. InvalidInput carries what git says.
  Result<std::string> run(const std::vector<std::string>& arguments) const;
  /// The same as lines, without empty ones.
  Result<std::vector<std::string>> lines(const std::vector<std::string>& arguments) const;
  /// Full hash of what `name` means, as a `kind` ("commit", "tree").
  Result<std::string> resolve(const std::string& name, const std::string& kind) const;

 private:
  Git(std::string directory, const DataSourceContext& context)
      : directory_(std::move(directory)), context_(context) {}
  std::string directory_;
  const DataSourceContext& context_;
};

/// The text of option `name`, `fallback` when it is unset or empty.
std::string text_option(const value::Value& config, const std::string& name,
                        const std::string& fallback);
value::Value text_list(const std::vector<std::string>& items);

}  // namespace farm::builders
