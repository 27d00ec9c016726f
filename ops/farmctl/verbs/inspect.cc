// farmctl inspect: the parts of a template, in the reference's layout.

#include <algorithm>

#include "common/template/json/legacy_template.h"
#include "ops/farmctl/common/plan_session.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

using templates::Template;

std::string shown(const value::Value& v) {
  if (v.has_sensitive()) return "\"<sensitive>\"";
  if (!v.is_known()) return "\"<unknown>\"";
  const bool text = !v.is_null() && v.type().kind() == value::Kind::String;
  return text ? "\"" + v.as_string() + "\"" : value::console_text(v);
}

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
  text += "\n    sources:\n\n";
  for (const templates::SourceUse& use : build.uses) {
    text += "      " + use.type + "." + use.local_name.value_or(use.name) + "\n";
  }
  if (build.uses.empty()) text += "      <no source>\n";
  text += "\n    provisioners:\n\n";
  for (const templates::ComponentBlock& block : build.provisioners) {
    text += "      " + label(block.type, component_name(made, block)) + "\n";
  }
  if (build.provisioners.empty()) text += "      <no provisioner>\n";
  text += "\n    post-processors:\n\n";
  for (size_t i = 0; i < build.post_processors.size(); ++i) {
    text += "      " + std::to_string(i) + ":\n";
    for (const templates::ComponentBlock& block : build.post_processors[i]) {
      text += "        " + label(block.type, component_name(made, block)) + "\n";
    }
  }
  if (build.post_processors.empty()) text += "      <no post-processor>\n";
}

std::string inspect_hcl(const Template& made) {
  std::string text = "Packer Inspect: HCL2 mode\n\n> input-variables:\n\n";
  for (const templates::Variable& variable : made.variables) {
    const value::Value v = variable.value.with_sensitive(variable.sensitive);
    text += "var." + variable.name + ": " + shown(v) + "\n";
  }
  text += "\n> local-variables:\n\n";
  std::vector<const templates::Local*> locals;
  for (const templates::Local& local : made.locals) locals.push_back(&local);
  std::sort(locals.begin(), locals.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  for (const templates::Local* local : locals) {
    text += "local." + local->name + ": " + shown(local->value) + "\n";
  }
  text += "\n> builds:\n";
  for (size_t i = 0; i < made.builds.size(); ++i) {
    inspect_build(made, made.builds[i], i, text);
  }
  return text;
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

std::string inspect_variables(const Template& made, Output& output) {
  std::string required;
  std::string optional;
  size_t width = 0;
  for (const templates::Variable& variable : made.variables) {
    width = std::max(width, variable.name.size());
  }
  for (const templates::Variable& variable : made.variables) {
    std::string fallback;
    if (variable.default_value) fallback = variable.default_value->as_string();
    if (variable.sensitive || is_hidden(made, variable)) fallback = "<sensitive>";
    output.record("template-variable",
                  {variable.name, variable.required ? "" : fallback, variable.required ? "1" : "0"});
    if (variable.required) {
      required += "  " + variable.name + "\n";
    } else {
      optional += "  " + padded(variable.name, width) + " = " + fallback + "\n";
    }
  }
  std::string text;
  if (!required.empty()) text += "Required variables:\n\n" + required + "\n";
  text += "Optional variables and their defaults:\n\n";
  return text + (optional.empty() ? "  <No variables>\n" : optional);
}

std::string inspect_legacy(const Template& made, Output& output) {
  std::string text = "Packer Inspect: JSON mode\n\n";
  if (!made.description.empty()) text += "Description:\n\n" + made.description + "\n\n";
  text += inspect_variables(made, output) + "\nBuilders:\n\n";
  std::vector<std::pair<std::string, std::string>> builders;
  size_t width = 0;
  for (const templates::Source& source : made.sources) {
    builders.emplace_back(source.name, source.type);
    width = std::max(width, source.name.size());
  }
  std::sort(builders.begin(), builders.end());
  for (const auto& [name, type] : builders) {
    output.record("template-builder", {name, type});
    text += "  " + (name == type ? name : padded(name, width) + " (" + type + ")") + "\n";
  }
  if (builders.empty()) text += "  <No builders>\n";
  text += "\nProvisioners:\n\n";
  for (const json::LegacyProvisioner& block : made.legacy->provisioners) {
    output.record("template-provisioner", {block.component.type});
    text += "  " + block.component.type + "\n";
  }
  if (made.legacy->provisioners.empty()) text += "  <No provisioners>\n";
  return text + "\nNote: If your build names contain user variables or template\n"
                "functions such as 'timestamp', these are processed at build time,\n"
                "and therefore only show in their raw form here.";
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
  std::string text = made->syntax == templates::Syntax::Hcl2
                         ? inspect_hcl(*made)
                         : inspect_legacy(*made, invocation.output);
  invocation.output.say(text);
  return kSuccess;
}

}  // namespace farm::farmctl
