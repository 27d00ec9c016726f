#include "common/template/source/literals.h"

#include <algorithm>

#include "common/template/json/variable_file.h"

namespace farm::templates {

namespace {

std::optional<value::Value> converted_to(const value::Type& type, const value::Value& raw,
                                         const hcl2::Attribute& attribute,
                                         Diagnostics& diagnostics) {
  if (raw.is_null() || !raw.is_known()) return std::nullopt;
  Result<value::Value> converted = value::convert(raw, type);
  if (!converted) {
    diagnostics.error("Incorrect attribute value type",
                      "Inappropriate value for attribute \"" + attribute.name +
                          "\": " + converted.error().message + ".",
                      attribute.expression->range());
    return std::nullopt;
  }
  if (converted->is_null() || !converted->is_known()) return std::nullopt;
  return std::move(converted).value();
}

}  // namespace

std::optional<value::Value> evaluate_as(const hcl2::Attribute& attribute, const value::Type& type,
                                        const hcl2::EvalContext& context,
                                        Diagnostics& diagnostics) {
  return converted_to(type, attribute.expression->evaluate(context, diagnostics), attribute,
                      diagnostics);
}

std::optional<std::string> evaluate_string(const hcl2::Attribute& attribute,
                                           const hcl2::EvalContext& context,
                                           Diagnostics& diagnostics) {
  const std::optional<value::Value> text =
      evaluate_as(attribute, value::Type::string(), context, diagnostics);
  if (!text) return std::nullopt;
  return text->as_string();
}

std::optional<std::string> evaluate_literal(const hcl2::Attribute& attribute,
                                            const hcl2::EvalContext& context,
                                            Diagnostics& diagnostics) {
  const auto literal = json::literal_value(*attribute.expression, diagnostics);
  if (!literal) return evaluate_string(attribute, context, diagnostics);
  const auto text = converted_to(value::Type::string(), *literal, attribute, diagnostics);
  if (!text) return std::nullopt;
  return text->as_string();
}

std::optional<bool> evaluate_bool(const hcl2::Attribute& attribute,
                                  const hcl2::EvalContext& context, Diagnostics& diagnostics) {
  const std::optional<value::Value> flag =
      evaluate_as(attribute, value::Type::boolean(), context, diagnostics);
  if (!flag) return std::nullopt;
  return flag->as_bool();
}

bool is_identifier(const std::string& name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  if (name.empty() || !letter(name[0])) return false;
  return std::all_of(name.begin() + 1, name.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string near = nearest_name(word, candidates);
  return near.empty() ? std::string() : "Did you mean \"" + near + "\"?";
}

}  // namespace farm::templates
