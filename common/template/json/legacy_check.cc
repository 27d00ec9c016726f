// The checks of a legacy template that -syntax-only leaves out, and its var files.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "common/template/json/legacy_reader.h"
#include "common/template/json/legacy_template.h"

namespace farm::json {
namespace {

struct Version {
  std::vector<uint64_t> numbers;
  std::string prerelease;
};

/// "1.16.0-dev+x", with or without a leading v; empty when it is no version.
std::optional<Version> parse_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  text = text.substr(0, text.find('+'));
  Version version;
  const size_t dash = std::min(text.find('-'), text.size());
  if (dash < text.size()) version.prerelease = text.substr(dash + 1);
  if (dash + 1 == text.size()) return std::nullopt;
  std::string_view rest = text.substr(0, dash);
  while (true) {
    uint64_t number = 0;
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (problem != std::errc{}) return std::nullopt;
    version.numbers.push_back(number);
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    if (rest.empty()) break;
    if (rest[0] != '.') return std::nullopt;
    rest.remove_prefix(1);
  }
  while (version.numbers.size() < 3) version.numbers.push_back(0);
  return version;
}

bool older(const Version& a, const Version& b) {
  if (a.numbers != b.numbers) return a.numbers < b.numbers;
  // 1.2.0-dev comes before 1.2.0.
  if (a.prerelease.empty() || b.prerelease.empty()) {
    return !a.prerelease.empty() && b.prerelease.empty();
  }
  return a.prerelease < b.prerelease;
}

class Checker {
 public:
  Checker(const LegacyTemplate& parsed, Diagnostics& diagnostics)
      : parsed_(parsed), diagnostics_(diagnostics) {
    for (const LegacyComponent& builder : parsed.builders) names_.push_back(builder.name);
  }

  void builders() {
    if (!parsed_.builders.empty()) return;
    diagnostics_.error("at least one builder must be defined", {},
                       parsed_.document->range(parsed_.document->root.span));
  }

  void version(const std::string& core_version) {
    if (parsed_.min_packer_version.empty()) return;
    const std::optional<Version> wanted = parse_version(parsed_.min_packer_version);
    const std::optional<Version> ours = parse_version(core_version);
    if (!wanted) {
      diagnostics_.error(
          fmt::format("min_packer_version is invalid: Malformed version: {}",
                      parsed_.min_packer_version),
          {}, parsed_.min_packer_version_range);
    } else if (ours && older(*ours, *wanted)) {
      diagnostics_.error(
          fmt::format("This template requires Packer version {} or higher; using {}",
                      parsed_.min_packer_version, core_version),
          {}, parsed_.min_packer_version_range);
    }
  }

  void only_except(const std::string& where, const LegacyComponent& component,
                   const std::vector<std::string>& only, const std::vector<std::string>& except) {
    if (!only.empty() && !except.empty()) {
      diagnostics_.error(where + "only one of 'only' or 'except' may be specified", {},
                         place(component, "only"));
      return;
    }
    names_exist(where, "only", component, only);
    names_exist(where, "except", component, except);
  }

  void overrides(const std::string& where, const LegacyProvisioner& provisioner) {
    for (const auto& [name, options] : provisioner.overrides) {
      if (known(name)) continue;
      diagnostics_.error(fmt::format("{}override '{}' doesn't exist", where, name), {},
                         place(provisioner.component, "override", name), hint(name));
    }
  }

 private:
  bool known(const std::string& name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  std::string hint(const std::string& name) const {
    const std::string near = nearest_name(name, names_);
    return near.empty() ? std::string() : "Did you mean \"" + near + "\"?";
  }

  SourceRange place(const LegacyComponent& component, const std::string& key,
                    const std::string& inner = {}) const {
    std::vector<std::string> path{key};
    if (!inner.empty()) path.push_back(inner);
    return parsed_.range_of(component, path);
  }

  void names_exist(const std::string& where, const std::string& key,
                   const LegacyComponent& component, const std::vector<std::string>& names) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (known(names[i])) continue;
      diagnostics_.error(
          fmt::format("{}'{}' specified builder '{}' not found", where, key, names[i]), {},
          place(component, key, std::to_string(i)), hint(names[i]));
    }
  }

  const LegacyTemplate& parsed_;
  Diagnostics& diagnostics_;
  std::vector<std::string> names_;
};

}  // namespace

void check_legacy_template(const LegacyTemplate& parsed, const std::string& core_version,
                           Diagnostics& diagnostics) {
  Checker check(parsed, diagnostics);
  check.version(core_version);
  check.builders();
  for (size_t i = 0; i < parsed.provisioners.size(); ++i) {
    const LegacyProvisioner& provisioner = parsed.provisioners[i];
    const std::string where = fmt::format("provisioner {}: ", i + 1);
    check.only_except(where, provisioner.component, provisioner.only, provisioner.except);
    check.overrides(where, provisioner);
  }
  if (parsed.error_cleanup) {
    const std::string where = "error-cleanup-provisioner: ";
    check.only_except(where, parsed.error_cleanup->component, parsed.error_cleanup->only,
                      parsed.error_cleanup->except);
    check.overrides(where, *parsed.error_cleanup);
  }
  for (size_t i = 0; i < parsed.post_processors.size(); ++i) {
    for (size_t k = 0; k < parsed.post_processors[i].size(); ++k) {
      const LegacyPostProcessor& post = parsed.post_processors[i][k];
      check.only_except(fmt::format("post-processor {}.{}: ", i + 1, k + 1), post.component,
                        post.only, post.except);
    }
  }
}

Diagnosed<std::map<std::string, std::string>> parse_legacy_var_file(const std::string& text,
                                                                    const std::string& file) {
  Diagnosed<std::map<std::string, std::string>> result;
  const std::string prefix = fmt::format("Error reading variables in '{}': ", file);
  SyntaxError error;
  const std::optional<Document> document = parse_document(text, file, error);
  if (!document) {
    result.diagnostics.error(prefix + error.message, error.describe(text),
                             SourceRange{file, error.span.start, error.span.end}, error.hint);
    return result;
  }
  if (!document->root.is_object()) {
    result.diagnostics.error(
        fmt::format("{}json: cannot unmarshal {} into Go value of type map[string]string", prefix,
                    document->root.is_array() ? "array" : go_type(document->root)),
        "A var file is a JSON object of strings.", document->range(document->root.span));
    return result;
  }
  std::map<std::string, std::string>& values = result.value.emplace();
  for (const Member& member : document->root.members) {
    if (member.value.is_string() || member.value.is_null()) {
      values.insert_or_assign(member.key, member.value.text);
      continue;
    }
    const NodeKind kind = member.value.kind;
    const char* type = kind == NodeKind::Number    ? "number"
                       : kind == NodeKind::Boolean ? "bool"
                       : kind == NodeKind::Array   ? "array"
                                                   : "object";
    result.diagnostics.error(
        fmt::format("{}json: cannot unmarshal {} into Go value of type string", prefix, type),
        fmt::format("The value of \"{}\" is {}.", member.key, node_kind_name(kind)),
        document->range(member.value.span), "write the value in double quotes");
  }
  return result;
}

}  // namespace farm::json
