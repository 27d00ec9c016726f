#include "common/template/json/legacy_template.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/template/functions/time_parse.h"
#include "common/template/json/document.h"
#include "common/template/json/fixers.h"
#include "common/template/json/legacy_reader.h"

namespace farm::json {
namespace {

constexpr std::array<std::string_view, 9> kRootKeys = {
    "builders",    "description",    "error-cleanup-provisioner",
    "min_packer_version", "post-processors", "provisioners",
    "push",        "sensitive-variables", "variables"};

class TemplateReader {
 public:
  TemplateReader(const Document& document, LegacyTemplate& into, Diagnostics& diagnostics)
      : document_(document), into_(into), read_(document, diagnostics), diagnostics_(diagnostics) {}

  void run() {
    const Node& root = document_.root;
    if (!root.is_object()) {
      diagnostics_.error(fmt::format("'' expected a map, got '{}'", go_type(root)),
                         "A template is a JSON object.", document_.range(root.span));
      return;
    }
    for (const Member& member : root.members) read_root_key(member);
    mark_sensitive();
  }

 private:
  void read_root_key(const Member& member) {
    const std::string key = lower(member.key);
    const Node& value = member.value;
    if (key == "builders") return read_builders(value);
    if (key == "description") return read_.string(value, "description", into_.description);
    if (key == "error-cleanup-provisioner") return read_cleanup(value);
    if (key == "min_packer_version") {
      into_.min_packer_version_range = document_.range(value.span);
      return read_.string(value, "min_packer_version", into_.min_packer_version);
    }
    if (key == "post-processors") return read_post_processors(value);
    if (key == "provisioners") return read_provisioners(value);
    if (key == "sensitive-variables") {
      if (read_.is_array(value, "sensitive-variables")) {
        into_.sensitive_variables = read_.strings(value, "sensitive-variables");
      }
      return;
    }
    if (key == "variables") return read_variables(value);
    if (key == "push") return;  // a service that is gone; read and ignored, as Packer does
    if (key.starts_with("_")) {
      if (value.is_string()) return;
      diagnostics_.error(fmt::format("comment '{}' expected type 'string', got {}", member.key,
                                     unconvertible(value)),
                         {}, document_.range(value.span));
      return;
    }
    const std::vector<std::string> known(kRootKeys.begin(), kRootKeys.end());
    const std::string near = nearest_name(key, known);
    diagnostics_.error(
        fmt::format("Unknown root level key in template: '{}'", member.key), {},
        document_.range(member.key_span),
        near.empty() ? "A comment's key begins with _." : "Did you mean \"" + near + "\"?");
  }

  void read_variables(const Node& node) {
    if (node.is_null()) return;
    if (!read_.is_object(node, "variables")) return;
    for (const Member& member : node.members) {
      LegacyVariable variable;
      variable.name = member.key;
      variable.range = document_.range(member.value.span);
      if (member.value.is_string()) {
        variable.default_text = member.value.text;
      } else if (!member.value.is_null()) {
        diagnostics_.error(fmt::format("variable {}: '' expected type 'string', got {}",
                                       member.key, unconvertible(member.value)),
                           {}, variable.range, "write the value in double quotes");
        variable.default_text = std::string();
      }
      into_.variables.push_back(std::move(variable));
    }
    std::sort(into_.variables.begin(), into_.variables.end(),
              [](const LegacyVariable& a, const LegacyVariable& b) { return a.name < b.name; });
  }

  void mark_sensitive() {
    for (LegacyVariable& variable : into_.variables) {
      const auto& names = into_.sensitive_variables;
      variable.sensitive = std::find(names.begin(), names.end(), variable.name) != names.end();
    }
  }

  void read_builders(const Node& node) {
    if (!read_.is_array(node, "builders")) return;
    for (size_t i = 0; i < node.elements.size(); ++i) {
      const std::string where = fmt::format("builder {}", i + 1);
      const Node& element = node.elements[i];
      if (!read_.is_map(element, where + ": ")) continue;
      LegacyComponent builder = read_.component(element, where + ": ", {"type", "name"});
      if (builder.type.empty()) {
        read_.error(where + ": missing 'type'", element);
        continue;
      }
      const auto same = std::find_if(
          into_.builders.begin(), into_.builders.end(),
          [&](const LegacyComponent& other) { return other.name == builder.name; });
      if (same != into_.builders.end()) {
        diagnostics_.error(
            fmt::format("{}: builder with name '{}' already exists", where, builder.name),
            fmt::format("The other one is at {}:{}.", document_.file, same->range.start.line),
            builder.range, "give one of them a name of its own");
        continue;
      }
      into_.builders.push_back(std::move(builder));
    }
  }

  void read_provisioners(const Node& node) {
    if (!read_.is_array(node, "provisioners")) return;
    for (size_t i = 0; i < node.elements.size(); ++i) {
      const std::string where = fmt::format("provisioner {}: ", i + 1);
      std::optional<LegacyProvisioner> provisioner = read_provisioner(node.elements[i], where);
      if (provisioner) into_.provisioners.push_back(std::move(*provisioner));
    }
  }

  void read_cleanup(const Node& node) {
    if (node.is_null()) return;
    into_.error_cleanup = read_provisioner(node, "On Error Cleanup Provisioner error: ");
  }

  std::optional<LegacyProvisioner> read_provisioner(const Node& node, const std::string& where) {
    const std::string decoding = where + "Error decoding provisioner: ";
    if (!read_.is_map(node, decoding)) return std::nullopt;
    LegacyProvisioner provisioner;
    provisioner.component =
        read_.component(node, where,
                        {"type", "only", "except", "override", "pause_before", "timeout",
                         "max_retries"});
    for (const Member& member : node.members) {
      const std::string key = lower(member.key);
      if (key == "only") provisioner.only = read_.strings(member.value, where + "'only'");
      if (key == "except") provisioner.except = read_.strings(member.value, where + "'except'");
      if (key == "override") read_overrides(member.value, decoding, provisioner);
      if (key == "pause_before") {
        provisioner.pause_before = read_duration(member.value, decoding, "pause_before");
      }
      if (key == "timeout") {
        provisioner.timeout = read_duration(member.value, decoding, "timeout");
      }
      if (key == "max_retries") read_retries(member.value, where, provisioner);
    }
    if (provisioner.component.type.empty()) {
      read_.error(where + "Provisioner missing 'type'", node);
      return std::nullopt;
    }
    return provisioner;
  }

  void read_overrides(const Node& node, const std::string& where, LegacyProvisioner& into) {
    if (node.is_null()) return;
    if (!node.is_object()) {
      read_.error(fmt::format("{}'Override' expected a map, got '{}'", where, go_type(node)), node);
      return;
    }
    for (const Member& member : node.members) {
      const std::string one = fmt::format("{}override '{}': ", where, member.key);
      if (!read_.is_map(member.value, one)) continue;
      into.overrides.insert_or_assign(member.key, read_.value(member.value));
    }
  }

  Duration read_duration(const Node& node, const std::string& where, const char* key) {
    if (node.is_null()) return Duration(0);
    if (node.kind == NodeKind::Number) {  // nanoseconds
      const Result<value::Number> number = value::Number::parse(node.text);
      const std::optional<int64_t> nanos =
          number ? number->truncate().to_int64() : std::optional<int64_t>();
      if (nanos && *nanos >= 0) return Duration(*nanos);
      read_.error(fmt::format("{}error decoding '{}': {} is out of range", where, key, node.text),
                  node);
      return Duration(0);
    }
    if (!node.is_string()) {
      read_.error(fmt::format("{}'{}' expected type 'string', got {}", where, key,
                              unconvertible(node)),
                  node);
      return Duration(0);
    }
    Result<Duration> duration = functions::parse_go_duration(node.text);
    if (duration && duration->count() < 0) duration = invalid_input("a duration below zero");
    if (duration) return *duration;
    diagnostics_.error(
        fmt::format("{}error decoding '{}': {}", where, key, duration.error().message), {},
        document_.range(node.span), "a duration is written like \"90s\", \"5m\" or \"1h30m\"");
    return Duration(0);
  }

  void read_retries(const Node& node, const std::string& where, LegacyProvisioner& into) {
    if (node.is_null()) return;
    const bool is_template = node.is_string() && node.text.find("{{") != std::string::npos;
    const bool plain = !node.text.empty() && node.text.size() < 10 &&
                       node.text.find_first_not_of("0123456789") == std::string::npos;
    if (is_template || plain || (node.is_string() && node.text.empty())) {
      into.max_retries = node.text;
      return;
    }
    read_.error(where + "`max_retries` must be a valid integer", node);
  }

  void read_post_processors(const Node& node) {
    if (!read_.is_array(node, "post-processors")) return;
    for (size_t i = 0; i < node.elements.size(); ++i) {
      const Node& element = node.elements[i];
      std::vector<const Node*> parts;
      if (element.is_array()) {
        for (const Node& part : element.elements) parts.push_back(&part);
      } else if (element.is_string() || element.is_object()) {
        parts.push_back(&element);
      } else {
        read_.error(fmt::format("post-processor {}: bad format", i + 1), element);
        continue;
      }
      std::vector<LegacyPostProcessor> sequence;
      for (size_t k = 0; k < parts.size(); ++k) {
        read_post_processor(*parts[k], fmt::format("post-processor {}.{}: ", i + 1, k + 1),
                            sequence);
      }
      if (!sequence.empty()) into_.post_processors.push_back(std::move(sequence));
    }
  }

  void read_post_processor(const Node& node, const std::string& where,
                           std::vector<LegacyPostProcessor>& into) {
    if (node.is_array()) {
      return read_.error(where + "sequence not allowed to be nested in a sequence", node);
    }
    LegacyPostProcessor post;
    if (node.is_string()) {
      post.component = read_.bare_component(node);
    } else if (node.is_object()) {
      post.component = read_.component(
          node, where, {"type", "name", "only", "except", "keep_input_artifact"});
      for (const Member& member : node.members) {
        const std::string key = lower(member.key);
        if (key == "only") post.only = read_.strings(member.value, where + "'only'");
        if (key == "except") post.except = read_.strings(member.value, where + "'except'");
        if (key == "keep_input_artifact") {
          post.keep_input_artifact = read_.boolean(member.value, where, "keep_input_artifact");
        }
      }
    } else {
      return read_.error(where + "bad format", node);
    }
    if (post.component.type.empty()) return read_.error(where + "type is required", node);
    into.push_back(std::move(post));
  }

  const Document& document_;
  LegacyTemplate& into_;
  LegacyReader read_;
  Diagnostics& diagnostics_;
};

}  // namespace

Diagnosed<LegacyTemplate> parse_legacy_template(const std::string& text,
                                                const std::string& file) {
  Diagnosed<LegacyTemplate> result;
  SyntaxError error;
  std::optional<Document> document = parse_document(text, file, error);
  if (!document) {
    result.diagnostics.error(
        "Failed to parse file as legacy JSON template: if you are using an HCL template, check "
        "your file extensions; they should be either *.pkr.hcl or *.pkr.json",
        "Original error: Error parsing JSON: " + error.describe(text),
        SourceRange{file, error.span.start, error.span.end}, error.hint);
    return result;
  }
  report_duplicate_keys(*document, result.diagnostics);
  if (result.diagnostics.has_errors()) return result;
  const std::vector<Fix> fixes = apply_fixers(*document, FixScope::Reading);
  warn_of_fixes(*document, fixes, result.diagnostics);
  LegacyTemplate& parsed = result.value.emplace();
  const auto shared = std::make_shared<const Document>(std::move(*document));
  parsed.document = shared;
  TemplateReader(*shared, parsed, result.diagnostics).run();
  return result;
}

SourceRange LegacyTemplate::range_of(const LegacyComponent& component,
                                     std::span<const std::string> path) const {
  const Node* node = component.node;
  SourceRange range = component.range;
  for (const std::string& part : path) {
    if (node == nullptr) break;
    if (node->is_array()) {
      const bool index = !part.empty() && part.size() < 8 &&
                         part.find_first_not_of("0123456789") == std::string::npos;
      if (!index || std::stoul(part) >= node->elements.size()) break;
      node = &node->elements[std::stoul(part)];
      range = document->range(node->span);
      continue;
    }
    const Member* member = node->find(part);
    if (member == nullptr) break;
    range = document->range(member->key_span);
    node = &member->value;
  }
  return range;
}

}  // namespace farm::json
