#include "builders/staging/puppet.h"

#include <fmt/format.h>

#include "builders/core/script.h"

namespace farm::builders::staging {

std::string facter_variables(const std::map<std::string, std::string>& facts, GuestOs os,
                             const BuildContext& context) {
  std::map<std::string, std::string> all = {
      {"packer_build_name", context.render.build_name},
      {"packer_builder_type", context.render.build_type}};
  if (context.http_port != 0) {
    all["packer_http_addr"] = fmt::format("{}:{}", context.http_ip, context.http_port);
  }
  for (const auto& [name, value] : facts) all[name] = value;
  if (os == GuestOs::Unix) {
    std::string text = format_environment(all, "FACTER_%s='%s' ");
    text.pop_back();
    return text;
  }
  std::string text;
  for (const auto& [name, value] : all) {
    if (!text.empty()) text += " & ";
    text += fmt::format("SET \"FACTER_{}={}\"", name, value);
  }
  return text;
}

Result<void> run_puppet(BuildContext& context, const Guest& guest, const PuppetRun& run) {
  context.ui.message("Running Puppet: " + run.command);
  const int status = TRY(guest.run_as(run.elevated_user, run.elevated_password, run.command));
  if (run.ignore_exit_codes || status == 0 || status == 2) return {};
  return invalid_input(fmt::format("Puppet exited with a non-zero exit status: {}", status));
}

std::string puppet_option(const std::string& name, const std::string& value) {
  return value.empty() ? "" : fmt::format("--{}='{}' ", name, value);
}

}  // namespace farm::builders::staging
