// farmctl validate: everything that can be known about a template without building it.

#include <algorithm>

#include "ops/farmctl/common/checksum_files.h"
#include "ops/farmctl/common/data_source_program.h"
#include "ops/farmctl/common/diagnostic_sarif.h"
#include "ops/farmctl/common/plan_session.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

const std::vector<Flag>& validate_flags() {
  static const std::vector<Flag> flags = with_template_flags({
      {"syntax-only", FlagKind::Switch, "check the syntax and the variables, nothing else"},
      {"no-warn-undeclared-var", FlagKind::Switch,
       "do not warn of names in var files that are not declared"},
      {"evaluate-datasources", FlagKind::Switch,
       "ask data sources, instead of taking their values as unknown"},
      {"online", FlagKind::Switch, "check also what needs the network: asks data sources, reads checksum files"},
      {"ignore-prerelease-plugins", FlagKind::Switch, "no effect: components are built in"},
      {"use-sequential-evaluation", FlagKind::Switch,
       "no effect: locals and data sources are always evaluated by what they need"},
      {"output", FlagKind::Text, "json or sarif: diagnostics as one document"},
  });
  return flags;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Reads each file and says what it found there; what it did not find are errors.
std::vector<std::string> read_checksum_files(const std::vector<ChecksumFile>& sums,
                                             const Invocation& invocation, Diagnostics& found) {
  std::vector<std::string> lines;
  for (const ChecksumFile& sum : sums) {
    const Result<std::string> checksum = read_checksum_file(
        invocation.environment, invocation.working_directory, sum.checksum, sum.url);
    if (checksum) {
      lines.push_back("Checked: " + sum.checksum + " has " + *checksum + " for " + sum.url);
      continue;
    }
    Diagnostic problem;
    problem.summary = "No checksum for build \"" + sum.build + "\"";
    problem.detail = checksum.error().message;
    if (sum.declared.known()) problem.subject = sum.declared;
    found.add(std::move(problem));
  }
  return lines;
}

std::vector<std::string> files_of(const std::vector<ChecksumFile>& sums) {
  std::vector<std::string> names;
  for (const ChecksumFile& sum : sums) {
    const std::string name = sum.checksum.substr(std::string_view("file:").size());
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace

int run_validate(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags = parse_or_explain(
      invocation, {"validate", "TEMPLATE", "Checks a template without building it."},
      validate_flags(), exit_code);
  if (!flags) return exit_code;
  const std::string form = flags->text("output");
  if (!form.empty() && form != "json" && form != "sarif" && form != "text") {
    invocation.output.error("--output must be json, sarif or text, not \"" + form + "\"");
    return kFailure;
  }
  Result<templates::LoadOptions> options = load_options(*flags, flags->arguments()[0]);
  if (!options) {
    invocation.output.error("Error: " + options.error().message);
    return kFailure;
  }
  options->syntax_only = flags->on("syntax-only");
  options->warn_undeclared = !flags->on("no-warn-undeclared-var");
  PlanSession session(invocation.environment, invocation.working_directory,
                      invocation.clock.wall());
  const bool ask = flags->on("evaluate-datasources") || flags->on("online");
  Diagnostics found = session.load(*options, ask ? plan::CatalogDataSources::Mode::Ask
                                                 : plan::CatalogDataSources::Mode::Unknown);
  if (session.loaded() != nullptr) invocation.output.hide(session.loaded()->sensitive);
  std::vector<ChecksumFile> sums;
  if (!found.has_errors() && !options->syntax_only) {
    Diagnosed<plan::Plan> planned = session.plan(plan_options(*flags));
    if (planned.ok()) sums = checksum_files(*planned.value, session.random());
    found.append(std::move(planned.diagnostics));
  }
  std::vector<std::string> checked;
  if (flags->on("online")) checked = read_checksum_files(sums, invocation, found);
  if (form == "json" || form == "sarif") {
    invocation.output.raw(form == "json" ? diagnostics_json(found) : diagnostics_sarif(found));
    return found.has_errors() ? kFailure : kSuccess;
  }
  invocation.output.diagnostics(found, session.texts());
  if (found.has_errors()) return kFailure;
  invocation.output.say(options->syntax_only
                            ? "Syntax-only check passed. Everything looks okay."
                            : "The configuration is valid.");
  const std::string unchecked = joined(session.unasked());
  if (!unchecked.empty()) {
    invocation.output.say("Not checked offline (values unknown): " + unchecked +
                          ". --online asks them.");
  }
  for (const std::string& line : checked) invocation.output.say(line);
  if (!flags->on("online") && !sums.empty()) {
    invocation.output.say("Not checked offline (checksum files): " + joined(files_of(sums)) +
                          ". --online reads them.");
  }
  return kSuccess;
}

}  // namespace farm::farmctl
