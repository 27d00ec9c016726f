#include "builders/core/config_check.h"
#include "builders/core/shell_local.h"

namespace farm::builders::post_processor_shell_local {

void register_config_check(ConfigChecks& checks) {
  checks.add(plan::ComponentKind::PostProcessor, "shell-local",
             [](const value::Value& config, const PrepareContext& context) {
               Findings findings;
               (void)decode_shell_local(config, context, true, findings);
               return findings;
             });
}

}  // namespace farm::builders::post_processor_shell_local
