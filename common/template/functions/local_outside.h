// LocalOutside: the world of functions when a user plans on their own machine: the file system,
// the given environment and working directory. Secrets come from a hook, or not at all.
#pragma once

#include <functional>

#include "common/base/environment.h"
#include "common/template/functions/function.h"

namespace farm::functions {

class LocalOutside final : public Outside {
 public:
  using SecretHook = std::function<Result<std::string>(const std::string& kind,
                                                       const std::vector<std::string>& arguments)>;

  /// `environment` must outlive this. Relative paths resolve against `working_directory`.
  LocalOutside(const Environment& environment, std::string working_directory,
               SecretHook secret_hook = {})
      : environment_(environment),
        working_directory_(std::move(working_directory)),
        secret_hook_(std::move(secret_hook)) {}

  Result<std::string> read_file(const std::string& path) override;
  Result<bool> file_exists(const std::string& path) override;
  Result<std::vector<std::string>> list_files(const std::string& directory) override;
  std::string working_directory() override { return working_directory_; }
  /// $HOME, else what the user database says.
  std::string home_directory() override;
  std::optional<std::string> environment(const std::string& name) override {
    return environment_.get(name);
  }
  /// Without a hook: Unavailable, naming the function.
  Result<std::string> secret(const std::string& kind,
                             const std::vector<std::string>& arguments) override;

 private:
  std::string absolute(const std::string& path) const;

  const Environment& environment_;
  std::string working_directory_;
  SecretHook secret_hook_;
};

}  // namespace farm::functions
