// ChefRun: one run of a Chef program on the guest as both provisioners do it: Chef gets onto the
// machine, its files into the staging directory, and it runs with them.
#pragma once

#include <string>

#include "builders/staging/chef.h"
#include "builders/staging/elevated_login.h"
#include "builders/staging/guest.h"

namespace farm::builders::staging {

class ChefRun {
 public:
  /// `program`: chef-solo or chef-client. `options` and `context` must outlive the object.
  static Result<ChefRun> of(BuildContext& context, const ChefOptions& options,
                            const std::string& program);

  const Guest& guest() const { return guest_; }
  const std::string& staging() const { return staging_; }
  /// Installs Chef unless the template says that it is there, and makes the staging directory.
  Result<void> begin() const;
  /// Uploads a file of this machine into the staging directory: its path there. Empty when
  /// `local` is.
  Result<std::string> upload(const std::string& local, const std::string& name) const;
  /// Uploads `configuration` as `config_name` and the node's attributes as `json_name`, and runs
  /// the program with both.
  struct Files {
    std::string config_name;
    std::string configuration;
    std::string json_name;
  };
  Result<void> execute(const Files& files, const ElevatedLogin& login) const;
  /// "Creating configuration file 'NAME'": its path.
  Result<std::string> upload_configuration(const std::string& name, const std::string& text) const;
  /// Renders `own`, or the default of the guest's system, with .Sudo and `fields`.
  Result<std::string> command(const std::string& own, const std::string& unix_default,
                              const std::string& windows_default, value::Value::Map fields) const;

 private:
  ChefRun(BuildContext& context, const ChefOptions& options, std::string program,
          std::string staging, Guest guest)
      : context_(&context),
        options_(&options),
        program_(std::move(program)),
        staging_(std::move(staging)),
        guest_(guest) {}
  Result<void> install() const;

  BuildContext* context_;
  const ChefOptions* options_;
  std::string program_;
  std::string staging_;
  Guest guest_;
};

}  // namespace farm::builders::staging
