// farmctl version: ours, and the version whose behaviour templates get.

#include "common/template/source/loader.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {

int run_version(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags = parse_or_explain(
      invocation, {"version", "", "Prints the version.", 0, 0}, {}, exit_code);
  if (!flags) return exit_code;
  if (invocation.output.settings().machine_readable) {
    invocation.output.record("version", {templates::kCoreVersion});
    invocation.output.record("version-prelease", {""});
    invocation.output.record("version-commit", {""});
  }
  // The first line is what version checks of existing scripts cut.
  invocation.output.say(std::string("Packer v") + templates::kCoreVersion +
                        " (compatible: farm " FARM_VERSION ")");
  return kSuccess;
}

}  // namespace farm::farmctl
