#include "ops/farmctl/upgrade/option_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "ops/farmctl/upgrade/hcl_text.h"

namespace farm::farmctl {
namespace {

using plan::Option;
using plan::OptionType;
using value::Kind;
using value::Value;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// As the weak decoding of legacy templates finds it: exactly, else in any case.
const Option* find_option(const std::vector<Option>& options, const std::string& name) {
  const Option* near = nullptr;
  for (const Option& option : options) {
    if (option.name == name) return &option;
    const bool same = std::equal(option.name.begin(), option.name.end(), name.begin(), name.end(),
                                 [](char a, char b) { return lower(a) == lower(b); });
    if (same && near == nullptr) near = &option;
  }
  return near;
}

bool is_text(const Value& v) { return v.type().kind() == Kind::String; }
bool is_list(const Value& v) {
  return v.type().kind() == Kind::Tuple || v.type().kind() == Kind::List;
}
bool is_object(const Value& v) {
  return v.type().kind() == Kind::Object || v.type().kind() == Kind::Map;
}
bool is_template(const Value& v) {
  return is_text(v) && v.as_string().find("{{") != std::string::npos;
}

/// A number as HCL2 writes one: what it cannot write stays a string, which converts.
bool is_hcl_number(const std::string& text) {
  const std::string digits = text.starts_with('-') ? text.substr(1) : text;
  return !digits.empty() && digits.size() < 18 &&
         digits.find_first_not_of("0123456789") == std::string::npos &&
         (digits.size() == 1 || digits[0] != '0');
}

std::string joined(const std::vector<std::string>& items) {
  constexpr size_t kOneLine = 80;
  std::string line;
  for (const std::string& item : items) line += (line.empty() ? "" : ", ") + item;
  if (line.size() <= kOneLine) return "[" + line + "]";
  std::string lines = "[\n";
  for (const std::string& item : items) lines += item + ",\n";
  return lines + "]";
}

/// `"${var.x}"` as `var.x`, where an expression goes on behind it.
std::string bare(const std::string& code) {
  constexpr std::string_view kName =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  if (!code.starts_with("\"${") || !code.ends_with("}\"") || code.size() < 6) return code;
  const std::string inner = code.substr(3, code.size() - 5);
  return inner.find_first_not_of(kName) == std::string::npos ? inner : code;
}

std::vector<std::string> at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t start = 0; !text.empty() && start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    parts.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return parts;
}

}  // namespace

std::string OptionText::text(const Value& v) {
  switch (v.type().kind()) {
    case Kind::String: return engine_.quoted(v.as_string());
    case Kind::Number: return is_hcl_number(v.as_number().str()) ? v.as_number().str()
                                                                 : hcl_quote(v.as_number().str());
    case Kind::Bool: return v.as_bool() ? "\"1\"" : "\"0\"";  // as the legacy decoder has it
    default: return anything(v);
  }
}

std::string OptionText::number(const Value& v) {
  if (v.type().kind() == Kind::Bool) return v.as_bool() ? "1" : "0";
  if (!is_text(v)) return anything(v);
  if (!is_template(v)) {
    if (v.as_string().empty()) return {};
    return is_hcl_number(v.as_string()) ? v.as_string() : hcl_quote(v.as_string());
  }
  const std::string code = engine_.quoted(v.as_string());
  const std::optional<std::string> now = rendered_(v.as_string());
  return now && now->empty() ? bare(code) + " == \"\" ? null : " + bare(code) : code;
}

std::string OptionText::boolean(const Value& v) {
  if (v.type().kind() == Kind::Number) return v.as_number().sign() == 0 ? "false" : "true";
  if (!is_text(v)) return anything(v);
  const auto word_of = [](const std::string& word) -> std::string {
    for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
      if (word == yes) return "true";
    }
    for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
      if (word == no) return "false";
    }
    return {};
  };
  if (!is_template(v)) {
    if (v.as_string().empty()) return {};
    const std::string word = word_of(v.as_string());
    return word.empty() ? hcl_quote(v.as_string()) : word;
  }
  const std::string code = engine_.quoted(v.as_string());
  const std::optional<std::string> now = rendered_(v.as_string());
  if (!now) return code;
  if (now->empty()) return bare(code) + " == \"\" ? null : " + bare(code);
  const bool plain = *now == "true" || *now == "false" || *now == "1" || *now == "0";
  if (plain || word_of(*now).empty()) return code;
  return "contains([\"1\", \"t\", \"true\"], lower(" + bare(code) + "))";
}

std::string OptionText::list(const Value& v, const Option& option, OptionType element) {
  Option item;
  item.name = option.name;
  item.type = element;
  std::vector<std::string> items;
  if (is_list(v)) {
    for (const Value& inner : v.elements()) {
      if (inner.is_null()) {
        items.emplace_back(element == OptionType::Number       ? "0"
                           : element == OptionType::ListString ? "[]"
                                                               : "\"\"");
      } else {
        items.push_back(attribute_value(inner, item));
      }
    }
    return joined(items);
  }
  if (is_object(v)) return anything(v);
  if (!is_template(v)) {  // a lone text is a list between commas
    for (const std::string& part : at_commas(is_text(v) ? v.as_string() : "")) {
      items.push_back(attribute_value(Value::string(part), item));
    }
    if (!is_text(v)) items.push_back(attribute_value(v, item));
    return joined(items);
  }
  const std::string code = bare(engine_.quoted(v.as_string()));
  const std::optional<std::string> now = rendered_(v.as_string());
  if (now && now->empty()) return code + " == \"\" ? [] : split(\",\", " + code + ")";
  return "split(\",\", " + code + ")";
}

std::string OptionText::map(const Value& v) {
  std::string lines = "{\n";
  const auto add = [&](const Value& members) {
    for (const auto& [key, inner] : members.entries()) {
      const bool is_word = key.find("{{") != std::string::npos;
      lines += (is_word ? engine_.quoted(key) : hcl_key(key)) + " = " +
               (inner.is_null() ? "\"\"" : text(inner)) + "\n";
    }
  };
  if (is_object(v)) {
    if (v.size() == 0) return "{}";
    add(v);
  } else if (is_list(v) && std::all_of(v.elements().begin(), v.elements().end(), is_object)) {
    for (const Value& part : v.elements()) add(part);
  } else {
    return anything(v);
  }
  return lines + "}";
}

std::string OptionText::anything(const Value& v) {
  if (v.is_null()) return "null";
  switch (v.type().kind()) {
    case Kind::String: return engine_.quoted(v.as_string());
    case Kind::Number: return v.as_number().str();
    case Kind::Bool: return v.as_bool() ? "true" : "false";
    default: break;
  }
  if (is_list(v)) {
    std::vector<std::string> items;
    for (const Value& inner : v.elements()) items.push_back(anything(inner));
    return joined(items);
  }
  if (v.size() == 0) return "{}";
  std::string lines = "{\n";
  for (const auto& [key, inner] : v.entries()) {
    const bool is_word = key.find("{{") != std::string::npos;
    lines += (is_word ? engine_.quoted(key) : hcl_key(key)) + " = " + anything(inner) + "\n";
  }
  return lines + "}";
}

std::string OptionText::attribute_value(const Value& v, const Option& option) {
  switch (option.type) {
    case OptionType::Number: return number(v);
    case OptionType::Bool:
    case OptionType::TriBool: return boolean(v);
    case OptionType::ListString: return list(v, option, OptionType::String);
    case OptionType::ListNumber: return list(v, option, OptionType::Number);
    case OptionType::ListListString: return list(v, option, OptionType::ListString);
    case OptionType::MapString: return map(v);
    case OptionType::MapAny: return anything(v);
    case OptionType::Duration:
      // A bare number is nanoseconds in a legacy template.
      if (v.type().kind() == Kind::Number) return hcl_quote(v.as_number().str() + "ns");
      return text(v);
    case OptionType::Object:
      return is_object(v) ? object(v, option.options) : anything(v);
    case OptionType::ListObject: {
      std::vector<std::string> items;
      if (is_object(v)) items.push_back(object(v, option.options));
      if (!is_list(v)) return is_object(v) ? joined(items) : anything(v);
      for (const Value& item : v.elements()) {
        items.push_back(is_object(item) ? object(item, option.options) : anything(item));
      }
      return joined(items);
    }
    case OptionType::String:
    case OptionType::Bytes:
    case OptionType::FileMode: return text(v);
  }
  return anything(v);
}

/// Without a table the shape decides, as plugins commonly have it: lists of objects are repeated
/// blocks, an object is a map.
std::string OptionText::unknown_option(const std::string& name, const Value& v) {
  const bool blocks = is_list(v) && v.size() > 0 &&
                      std::all_of(v.elements().begin(), v.elements().end(), is_object);
  if (!blocks) return hcl_key(name) + " = " + anything(v) + "\n";
  std::string lines;
  for (const Value& item : v.elements()) lines += name + " {\n" + body(item, {}) + "}\n";
  return lines;
}

std::string OptionText::body(const Value& config, const std::vector<Option>& options) {
  std::string attributes;
  std::string blocks;
  for (const auto& [name, v] : config.entries()) {
    if (v.is_null()) continue;
    const Option* option = find_option(options, name);
    if (option == nullptr) {
      attributes += unknown_option(name, v);
      continue;
    }
    const std::string known(option->name);
    if (option->json_only) {
      // Some have a twin that takes the same as a text.
      const bool twin = find_option(options, known + "_string") != nullptr;
      if (twin) attributes += known + "_string = jsonencode(" + anything(v) + ")\n";
      if (!twin) engine_.note("option \"" + known + "\" does not exist in HCL2");
      continue;
    }
    if (option->block && (is_object(v) || is_list(v))) {
      const Value::List items = is_object(v) ? Value::List{v} : v.elements();
      for (const Value& item : items) {
        if (is_object(item)) blocks += known + " {\n" + body(item, option->options) + "}\n";
      }
      continue;
    }
    const std::string code = attribute_value(v, *option);
    if (!code.empty()) attributes += known + " = " + code + "\n";
  }
  return attributes + blocks;
}

std::string OptionText::object(const Value& config, const std::vector<Option>& options) {
  std::string lines = "{\n";
  for (const auto& [name, v] : config.entries()) {
    if (v.is_null()) continue;
    const Option* option = find_option(options, name);
    const std::string code = option == nullptr ? anything(v) : attribute_value(v, *option);
    if (!code.empty()) {
      lines += hcl_key(option == nullptr ? name : std::string(option->name)) + " = " + code + "\n";
    }
  }
  return lines + "}";
}

}  // namespace farm::farmctl
