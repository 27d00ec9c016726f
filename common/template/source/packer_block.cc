#include "common/template/source/packer_block.h"

#include <algorithm>

#include "common/template/source/literals.h"
#include "common/template/source/version_constraint.h"

namespace farm::templates {
namespace {

constexpr const char* kInvalidRequirement = "Invalid plugin requirement";

const hcl2::BodySchema& packer_schema() {
  static const hcl2::BodySchema schema{{{"required_version", false}}, {{"required_plugins", {}}}};
  return schema;
}

bool is_normalized(const std::string& name) {
  if (name.empty() || name.front() == '-' || name.back() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

/// What is wrong with a plugin's source address; empty when nothing is.
std::string source_problem(const std::string& source) {
  if (source.find("://") != std::string::npos) {
    return "The source must start with a host name, without a scheme such as https://.";
  }
  std::vector<std::string> parts;
  size_t start = 0;
  while (start <= source.size()) {
    const size_t slash = std::min(source.find('/', start), source.size());
    parts.push_back(source.substr(start, slash - start));
    start = slash + 1;
  }
  const bool gap = std::any_of(parts.begin(), parts.end(),
                               [](const std::string& part) { return part.empty(); });
  if (parts.size() < 3 || gap) {
    return "The source must be a host and at least two path parts, e.g. "
           "\"github.com/hashicorp/qemu\".";
  }
  if (parts.back().starts_with("packer-plugin-")) {
    return "The last part of the source must not start with \"packer-plugin-\": write \"" +
           parts.back().substr(std::string("packer-plugin-").size()) + "\".";
  }
  return {};
}

void read_requirement(const hcl2::Attribute& attribute, const hcl2::EvalContext& context,
                      std::vector<PluginRequirement>& into, Diagnostics& diagnostics) {
  const SourceRange& place = attribute.expression->range();
  const auto refuse = [&](std::string why) {
    diagnostics.error(kInvalidRequirement, std::move(why), place);
  };
  if (!is_normalized(attribute.name)) {
    diagnostics.error(kInvalidRequirement,
                      "\"" + attribute.name + "\" is no plugin name: use lower-case letters, "
                      "digits and inner dashes.", attribute.name_range);
    return;
  }
  Diagnostics problems;
  const value::Value entry = attribute.expression->evaluate(context, problems);
  if (problems.has_errors()) {
    diagnostics.append(std::move(problems));
    return;
  }
  const bool object = entry.is_known() && !entry.is_null() &&
                      entry.type().kind() == value::Kind::Object;
  const value::Value* source = object ? entry.get("source") : nullptr;
  const value::Value* version = object ? entry.get("version") : nullptr;
  const auto text = [](const value::Value* v) {
    return v != nullptr && v->is_known() && !v->is_null() &&
           v->type().kind() == value::Kind::String;
  };
  if (!text(source) || !text(version) || entry.size() != 2) {
    refuse("The requirement of plugin \"" + attribute.name +
           "\" must be an object with the text attributes `source` and `version`, and nothing "
           "else.");
    return;
  }
  const std::string problem = source_problem(source->as_string());
  if (!problem.empty()) {
    refuse(problem);
    return;
  }
  const Result<VersionConstraints> constraints = VersionConstraints::parse(version->as_string());
  if (!constraints) {
    diagnostics.error("Invalid version constraint",
                      "\"" + version->as_string() + "\" is no version constraint: " +
                          constraints.error().message + ".", place);
    return;
  }
  if (constraints->names_prerelease()) {
    refuse("A version constraint must not name a pre-release: \"" + version->as_string() + "\".");
    return;
  }
  const bool twice = std::any_of(into.begin(), into.end(), [&](const PluginRequirement& other) {
    return other.name == attribute.name;
  });
  if (twice) {
    refuse("Plugin \"" + attribute.name + "\" is required in two required_plugins blocks.");
    return;
  }
  into.push_back({attribute.name, source->as_string(), version->as_string(), attribute.range});
}

}  // namespace

void check_required_version(const hcl2::Body& body, const std::string& core,
                            const hcl2::EvalContext& context, Diagnostics& diagnostics) {
  Diagnostics ignored;  // other contents are reported when the block is read as a whole
  hcl2::BodyPtr rest;
  const hcl2::BodyContent content =
      body.partial_content({{{"required_version", false}}, {}}, rest, ignored);
  const hcl2::Attribute* attribute = content.find("required_version");
  if (attribute == nullptr) return;
  const std::optional<std::string> text = evaluate_string(*attribute, context, diagnostics);
  if (!text) return;
  const Result<VersionConstraints> constraints = VersionConstraints::parse(*text);
  if (!constraints) {
    diagnostics.error("Invalid version constraint",
                      "\"" + *text + "\" is no version constraint: " +
                          constraints.error().message + ".",
                      attribute->expression->range());
    return;
  }
  const Result<Version> version = Version::parse(core);
  if (version && !constraints->allows(*version)) {
    diagnostics.error("Unsupported Packer Core version",
                      "This template asks for version \"" + *text +
                          "\"; this program follows version " + core + ".",
                      attribute->expression->range(),
                      "Relax required_version if the template works with " + core + ".");
  }
}

void read_required_plugins(const hcl2::Body& body, const hcl2::EvalContext& context,
                           std::vector<PluginRequirement>& into, Diagnostics& diagnostics) {
  const hcl2::BodyContent content = body.content(packer_schema(), diagnostics);
  for (const hcl2::Block& block : content.blocks) {
    for (const hcl2::Attribute& attribute : block.body->just_attributes(diagnostics)) {
      read_requirement(attribute, context, into, diagnostics);
    }
  }
}

}  // namespace farm::templates
