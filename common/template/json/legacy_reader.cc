#include "common/template/json/legacy_reader.h"

#include <algorithm>

#include <fmt/format.h>

namespace farm::json {

const char* go_type(const Node& node) {
  switch (node.kind) {
    case NodeKind::Null:
      return "nil";
    case NodeKind::Boolean:
      return "bool";
    case NodeKind::Number:
      return "float64";
    case NodeKind::String:
      return "string";
    case NodeKind::Array:
      return "slice";
    case NodeKind::Object:
      return "map";
  }
  return "value";
}

std::string unconvertible(const Node& node) {
  std::string shown = node.text;
  if (node.kind == NodeKind::Boolean) shown = node.boolean ? "true" : "false";
  const char* type = node.is_array()    ? "[]interface {}"
                     : node.is_object() ? "map[string]interface {}"
                                        : go_type(node);
  if (node.is_array() || node.is_object()) return fmt::format("unconvertible type '{}'", type);
  return fmt::format("unconvertible type '{}', value: '{}'", type, shown);
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

void LegacyReader::error(std::string summary, const Node& at) {
  diagnostics_.error(std::move(summary), {}, document_.range(at.span));
}

void LegacyReader::string(const Node& node, const char* name, std::string& into) {
  if (node.is_null()) return;
  if (node.is_string()) {
    into = node.text;
    return;
  }
  error(fmt::format("'{}' expected type 'string', got {}", name, unconvertible(node)), node);
}

std::vector<std::string> LegacyReader::strings(const Node& node, const std::string& what) {
  if (node.is_null()) return {};
  if (node.is_string()) return {node.text};
  if (!node.is_array()) {
    error(fmt::format("{}: source data must be an array or slice, got {}", what, go_type(node)),
          node);
    return {};
  }
  std::vector<std::string> texts;
  for (const Node& element : node.elements) {
    if (element.is_string()) {
      texts.push_back(element.text);
    } else {
      error(fmt::format("{} expected type 'string', got {}", what, unconvertible(element)),
            element);
    }
  }
  return texts;
}

std::optional<bool> LegacyReader::boolean(const Node& node, const std::string& where,
                                          const char* name) {
  if (node.kind == NodeKind::Boolean) return node.boolean;
  if (!node.is_null()) {
    error(fmt::format("{}'{}' expected type 'bool', got {}", where, name, unconvertible(node)),
          node);
  }
  return std::nullopt;
}

bool LegacyReader::is_array(const Node& node, const char* name) {
  if (node.is_array()) return true;
  if (!node.is_null()) {
    error(fmt::format("'{}': source data must be an array or slice, got {}", name, go_type(node)),
          node);
  }
  return false;
}

bool LegacyReader::is_object(const Node& node, const char* name) {
  if (node.is_object()) return true;
  error(fmt::format("'{}' expected a map, got '{}'", name, go_type(node)), node);
  return false;
}

bool LegacyReader::is_map(const Node& node, const std::string& where) {
  if (node.is_object()) return true;
  error(fmt::format("{}'' expected a map, got '{}'", where, go_type(node)), node);
  return false;
}

value::Value LegacyReader::value(const Node& node) {
  Result<value::Value> converted = to_value(node);
  if (converted) return std::move(*converted);
  error(converted.error().message, node);
  return {};
}

LegacyComponent LegacyReader::component(const Node& node, const std::string& where,
                                        std::initializer_list<std::string_view> core) {
  LegacyComponent component;
  component.range = document_.range(node.span);
  component.type_range = component.range;
  component.node = &node;
  value::Value::Map config;
  for (const Member& member : node.members) {
    const std::string key = lower(member.key);
    if (std::find(core.begin(), core.end(), key) == core.end()) {
      config.insert_or_assign(member.key, value(member.value));
      continue;
    }
    if (key != "type" && key != "name") continue;
    std::string text;
    if (member.value.is_string()) {
      text = member.value.text;
    } else if (!member.value.is_null()) {
      error(fmt::format("{}'{}' expected type 'string', got {}", where, key,
                        unconvertible(member.value)),
            member.value);
      text = "?";  // something is there: no second error that it is missing
    }
    if (key == "type") {
      component.type = std::move(text);
      component.type_range = document_.range(member.value.span);
    } else {
      component.has_name = !text.empty();
      component.name = std::move(text);
    }
  }
  if (!component.has_name) component.name = component.type;
  component.config = value::Value::object(std::move(config));
  return component;
}

LegacyComponent LegacyReader::bare_component(const Node& node) {
  LegacyComponent component;
  component.type = node.text;
  component.name = node.text;
  component.config = value::Value::object({});
  component.range = document_.range(node.span);
  component.type_range = component.range;
  component.node = &node;
  return component;
}

}  // namespace farm::json
