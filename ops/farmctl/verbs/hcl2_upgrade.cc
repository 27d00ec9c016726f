// farmctl hcl2_upgrade: a legacy JSON template rewritten as HCL2.

#include "builders/core/schema/catalog.h"
#include "common/io/files.h"
#include "ops/farmctl/common/plan_session.h"
#include "ops/farmctl/upgrade/template_upgrade.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

/// Whatever was written must at least be HCL2.
Diagnostics check_syntax(const std::string& text, const std::string& path) {
  Diagnostics found;
  hcl2::parse_native(text, path, found);
  return found;
}

}  // namespace

int run_hcl2_upgrade(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags = parse_or_explain(
      invocation, {"hcl2_upgrade", "TEMPLATE", "Rewrites a JSON template as HCL2."},
      with_template_flags({{"output-file", FlagKind::Text, "default: TEMPLATE.pkr.hcl"},
                           {"with-annotations", FlagKind::Switch,
                            "comments that explain the blocks"}}),
      exit_code);
  if (!flags) return exit_code;
  Output& output = invocation.output;
  const std::string& path = flags->arguments()[0];
  Result<templates::LoadOptions> options = load_options(*flags, path);
  if (!options) {
    output.error("Error: " + options.error().message);
    return kFailure;
  }
  options->allow_unset = true;
  PlanSession session(invocation.environment, invocation.working_directory,
                      invocation.clock.wall());
  const Diagnostics found = session.load(*options, plan::CatalogDataSources::Mode::Unknown);
  const templates::Template* made = session.loaded();
  if (made != nullptr && made->syntax == templates::Syntax::Hcl2) {
    output.error("Error: hcl2_upgrade reads JSON templates; " + path + " is HCL2 already.");
    return kFailure;
  }
  output.diagnostics(found, session.texts());
  if (found.has_errors() || made == nullptr || made->legacy == nullptr) return kFailure;
  std::string target = flags->text("output-file");
  if (target.empty()) target = (path == "-" ? std::string("template") : path) + ".pkr.hcl";
  const UpgradedTemplate upgraded =
      upgrade_template(*made, builders::component_catalog(), session.random(),
                       {.annotations = flags->on("with-annotations")});
  templates::SourceTexts texts;
  texts.add(target, upgraded.text);
  Diagnostics problems = check_syntax(upgraded.text, target);
  for (const std::string& note : upgraded.unhandled) {
    problems.warning("Not upgraded: " + note,
                     "The text stays as it was; HCL2 templates read it differently.");
  }
  output.diagnostics(problems, texts);
  const Result<void> written = io::write_file(target, upgraded.text);
  if (!written) {
    output.error("Error: " + written.error().message);
    return kFailure;
  }
  exit_code = problems.has_errors() ? kFailure : kSuccess;
  output.say("Successfully created " + target + ". Exit " + std::to_string(exit_code));
  return exit_code;
}

}  // namespace farm::farmctl
