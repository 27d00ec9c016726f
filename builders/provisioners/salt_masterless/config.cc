#include "builders/provisioners/salt_masterless/config.h"

#include <fmt/format.h>

#include "builders/core/config_check.h"
#include "builders/staging/guest_os.h"
#include "builders/staging/local_path.h"

namespace farm::builders::provisioner_salt_masterless {
namespace {

// "git::https://host/x.git//folder?ref=v1", "github.com/org/x.git//folder",
// "git@host:x.git//folder".
Formula parse_formula(std::string text, Findings& findings) {
  const std::string given = text;
  if (text.starts_with("git::")) text.erase(0, 5);
  Formula formula;
  const size_t query = text.find("?ref=");
  if (query != std::string::npos) {
    formula.reference = text.substr(query + 5);
    text.erase(query);
  }
  const size_t scheme = text.find("://");
  const size_t split = text.find("//", scheme == std::string::npos ? 0 : scheme + 3);
  if (split == std::string::npos || split == 0 || split + 2 >= text.size()) {
    findings.errors.push_back(fmt::format(
        "formulas: {} must name a git repository and, behind //, a folder in it", given));
    return formula;
  }
  formula.repository = text.substr(0, split);
  formula.folder = text.substr(split + 2);
  while (formula.folder.ends_with('/')) formula.folder.pop_back();
  if (formula.folder.empty() || formula.folder.find("..") != std::string::npos) {
    findings.errors.push_back(fmt::format("formulas: {} names no folder of the repository", given));
  }
  if (scheme == std::string::npos && formula.repository.find(':') == std::string::npos &&
      formula.repository[0] != '/' && formula.repository[0] != '.') {
    formula.repository.insert(0, "https://");
  }
  return formula;
}

}  // namespace

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings) {
  const ConfigReader reader(config, findings);
  Config decoded;
  decoded.skip_bootstrap = reader.boolean("skip_bootstrap");
  decoded.bootstrap_args = reader.string("bootstrap_args");
  decoded.disable_sudo = reader.boolean("disable_sudo");
  decoded.custom_state = reader.string("custom_state");
  decoded.minion_config = reader.string("minion_config");
  decoded.grains_file = reader.string("grains_file");
  decoded.local_state_tree = reader.string("local_state_tree");
  decoded.local_pillar_roots = reader.string("local_pillar_roots");
  decoded.remote_state_tree = reader.string("remote_state_tree");
  decoded.remote_pillar_roots = reader.string("remote_pillar_roots");
  decoded.temp_config_dir = reader.string("temp_config_dir");
  decoded.no_exit_on_failure = reader.boolean("no_exit_on_failure");
  decoded.log_level = reader.string("log_level", "info");
  decoded.salt_call_args = reader.string("salt_call_args");
  decoded.salt_bin_dir = reader.string("salt_bin_dir");
  decoded.guest_os_type = staging::decode_guest_os_type(reader);
  for (const std::string& text : reader.strings("formulas")) {
    decoded.formulas.push_back(parse_formula(text, findings));
  }
  if (decoded.local_state_tree.empty()) {
    findings.errors.emplace_back("local_state_tree must be supplied");
  }
  staging::require_directory(context, "local_state_tree", decoded.local_state_tree, findings);
  staging::require_directory(context, "local_pillar_roots", decoded.local_pillar_roots, findings);
  staging::require_file(context, "minion_config", decoded.minion_config, findings);
  staging::require_file(context, "grains_file", decoded.grains_file, findings);
  if (!decoded.minion_config.empty() &&
      (!decoded.remote_state_tree.empty() || !decoded.remote_pillar_roots.empty())) {
    findings.errors.emplace_back(
        "remote_state_tree and remote_pillar_roots only apply when minion_config is not used");
  }
  return decoded;
}

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "salt-masterless",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode(config, context, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_salt_masterless
