#include "builders/core/config_check.h"
#include "builders/core/shell_local.h"

namespace farm::builders::provisioner_shell_local {

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::Provisioner, "shell-local",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode_shell_local(config, context, false, findings);
               return findings;
             });
}

}  // namespace farm::builders::provisioner_shell_local
