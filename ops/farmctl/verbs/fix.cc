// farmctl fix: a legacy JSON template with its old options rewritten, on standard output.

#include "common/template/json/fixers.h"
#include "ops/farmctl/common/plan_session.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

/// The fixed text must still be a template: parse it as validate -syntax-only would.
Diagnostics check_fixed(const Invocation& invocation, const std::string& path,
                        const std::string& fixed, templates::SourceTexts& texts) {
  PlanSession session(invocation.environment, invocation.working_directory,
                      invocation.clock.wall());
  templates::LoadOptions options;
  options.path = path;
  options.config_type = "json";
  options.syntax_only = true;
  Diagnostics found = session.load_memory(options, fixed);
  texts.add(path, fixed);
  return found;
}

}  // namespace

int run_fix(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags = parse_or_explain(
      invocation, {"fix", "TEMPLATE", "Rewrites old options of a JSON template."},
      {{"validate", FlagKind::Setting, "do not check the fixed template"}}, exit_code);
  if (!flags) return exit_code;
  const std::string& path = flags->arguments()[0];
  templates::DiskTree disk;
  const bool hcl = path.ends_with(".pkr.hcl") || path.ends_with(".pkr.json") ||
                   (path != "-" && disk.kind(path) == templates::FileTree::Kind::Directory);
  if (hcl) {
    invocation.output.error("packer fix only works with JSON files for now.");
    return kFailure;
  }
  const Result<std::string> text = disk.read(path);
  if (!text) {
    invocation.output.error("Error opening template: " + text.error().message);
    return kFailure;
  }
  const Result<std::string> fixed = json::fix_document(*text, path);
  if (!fixed) {
    invocation.output.error("Error parsing template: " + fixed.error().message);
    return kFailure;
  }
  if (flags->setting("validate")) {
    templates::SourceTexts texts;
    const Diagnostics found = check_fixed(invocation, path, *fixed, texts);
    if (found.has_errors()) {
      invocation.output.error("Error! Fixed template fails to parse: it was not valid before.");
      invocation.output.diagnostics(found, texts);
      return kFailure;
    }
  }
  // With an empty line at the end, as the reference prints it.
  invocation.output.raw(*fixed + "\n");
  return kSuccess;
}

}  // namespace farm::farmctl
