// farmctl inspect: the parts of a template, in the reference's layout.

#include <algorithm>

#include "common/template/json/legacy_template.h"
#include "ops/farmctl/common/plan_session.h"
#include "ops/farmctl/common/variables_text.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

using templates::Template;

std::string label(const std::string& type, const std::string& name) {
  return name.empty() ? type : type + "." + name;
}

/// `name` of a provisioner or post-processor when it is a plain text; empty otherwise.
std::string component_name(const Template& made, const templates::ComponentBlock& block) {
  Diagnostics ignored;
  hcl2::BodyPtr rest;
  const hcl2::BodyContent content =
      block.body->partial_content({{{"name", false}}, {}}, rest, ignored);
  const hcl2::Attribute* name = content.find("name");
  if (name == nullptr) return {};
  const value::Value v = name->expression->evaluate(made.evaluation->context, ignored);
  const bool text = v.is_known() && !v.is_null() && v.type().kind() == value::Kind::String;
  return text ? v.as_string() : std::string();
}

void inspect_build(const Template& made, const templates::BuildBlock& build, size_t number,
                   std::string& text) {
  text += "\n  > " + (build.name.empty() ? "<unnamed build " + std::to_string(number) + ">"
                                         : build.name) + ":\n";
  if (!build.description.empty()) text += "\n  > Description: " + build.description + "\n";
  text += "\n    sources:\n";
  for (const templates::SourceUse& use : build.uses) {
    text += "\n      " + use.type + "." + use.local_name.value_or(use.name) + "\n";
  }
  if (build.uses.empty()) text += "\n      <no source>\n";
  text += "\n    provisioners:\n\n";
  for (const templates::ComponentBlock& block : build.provisioners) {
    text += "      " + label(block.type, component_name(made, block)) + "\n";
  }
  if (build.provisioners.empty()) text += "      <no provisioner>\n";
  text += "\n    post-processors:\n\n";
  for (size_t i = 0; i < build.post_processors.size(); ++i) {
    text += (i > 0 ? "\n      " : "      ") + std::to_string(i) + ":\n";
    for (const templates::ComponentBlock& block : build.post_processors[i]) {
      text += "        " + label(block.type, component_name(made, block)) + "\n";
    }
  }
  if (build.post_processors.empty()) text += "      <no post-processor>\n";
}

void inspect_hcl(const Template& made, Output& output) {
  output.say("Packer Inspect: HCL2 mode\n");
  output.say(variables_text(made));
  std::string text = "> builds:\n";
  for (size_t i = 0; i < made.builds.size(); ++i) {
    inspect_build(made, made.builds[i], i, text);
  }
  output.say(text);
}

std::string padded(const std::string& text, size_t width) {
  return text + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

/// A variable is hidden when any sensitive one has the same default, as in the reference.
bool is_hidden(const Template& made, const templates::Variable& variable) {
  return std::any_of(made.variables.begin(), made.variables.end(),
                     [&](const templates::Variable& other) {
                       return other.sensitive && other.default_value && variable.default_value &&
                              *other.default_value == *variable.default_value;
                     });
}

void inspect_variables(const Template& made, Output& output) {
  if (made.variables.empty()) {
    output.say("Variables:\n");
    output.say("  <No variables>");
    return;
  }
  size_t width = 0;
  bool any_required = false;
  for (const templates::Variable& variable : made.variables) {
    if (!variable.required) {
      width = std::max(width, variable.name.size());
      continue;
    }
    if (!any_required) output.say("Required variables:\n");
    any_required = true;
    output.record("template-variable", {variable.name, "", "1"});
    output.say("  " + variable.name);
  }
  if (any_required) output.say("");
  output.say("Optional variables and their defaults:\n");
  for (const templates::Variable& variable : made.variables) {
    if (variable.required) continue;
    std::string fallback = variable.default_value->as_string();
    if (variable.sensitive || is_hidden(made, variable)) fallback = "<sensitive>";
    output.record("template-variable", {variable.name, fallback, "0"});
    output.say("  " + padded(variable.name, width) + " = " + fallback);
  }
}

void inspect_builders(const Template& made, Output& output) {
  output.say("Builders:\n");
  std::vector<std::pair<std::string, std::string>> builders;
  size_t width = 0;
  for (const templates::Source& source : made.sources) {
    builders.emplace_back(source.name, source.type);
    width = std::max(width, source.name.size());
  }
  std::sort(builders.begin(), builders.end());
  for (const auto& [name, type] : builders) {
    output.record("template-builder", {name, type});
    output.say("  " + padded(name, width) + (name == type ? "" : " (" + type + ")"));
  }
  if (builders.empty()) output.say("  <No builders>");
}

void inspect_legacy(const Template& made, Output& output) {
  output.say("Packer Inspect: JSON mode");
  if (!made.description.empty()) {
    output.say("Description:\n");
    output.say(made.description + "\n");
  }
  inspect_variables(made, output);
  output.say("");
  inspect_builders(made, output);
  output.say("");
  output.say("Provisioners:\n");
  for (const json::LegacyProvisioner& block : made.legacy->provisioners) {
    output.record("template-provisioner", {block.component.type});
    output.say("  " + block.component.type);
  }
  if (made.legacy->provisioners.empty()) output.say("  <No provisioners>");
  output.say("\nNote: If your build names contain user variables or template\n"
             "functions such as 'timestamp', these are processed at build time,\n"
             "and therefore only show in their raw form here.");
}

}  // namespace

int run_inspect(Invocation& invocation) {
  int exit_code = kSuccess;
  const std::optional<ParsedFlags> flags =
      parse_or_explain(invocation, {"inspect", "TEMPLATE", "Lists the parts of a template."},
                       template_flags(), exit_code);
  if (!flags) return exit_code;
  Result<templates::LoadOptions> options = load_options(*flags, flags->arguments()[0]);
  if (!options) {
    invocation.output.error("Error: " + options.error().message);
    return kFailure;
  }
  options->allow_unset = true;
  PlanSession session(invocation.environment, invocation.working_directory,
                      invocation.clock.wall());
  const Diagnostics found = session.load(*options, plan::CatalogDataSources::Mode::Unknown);
  const Template* made = session.loaded();
  const bool empty = made == nullptr ||
                     (made->syntax == templates::Syntax::LegacyJson && made->legacy == nullptr) ||
                     (made->sources.empty() && made->variables.empty() && found.has_errors());
  if (empty) {
    invocation.output.diagnostics(found, session.texts());
    return kFailure;
  }
  if (made->syntax == templates::Syntax::Hcl2) {
    inspect_hcl(*made, invocation.output);
  } else {
    inspect_legacy(*made, invocation.output);
  }
  return kSuccess;
}

}  // namespace farm::farmctl
