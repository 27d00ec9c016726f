// Type constraints: `list(object({a = string, b = optional(number, 3)}))` and the defaults in them.
#include "common/template/hcl2/constant_evaluation.h"
#include "common/template/hcl2/expression.h"

namespace farm::hcl2 {

using value::Kind;
using value::Type;
using value::Value;

// Defaults of one object type and of what is inside it; for a collection, `element` alone.
struct TypeConstraint::Defaults {
  std::map<std::string, Value> values;
  std::map<std::string, std::shared_ptr<const Defaults>> attributes;
  std::vector<std::shared_ptr<const Defaults>> elements;  // tuple
  std::shared_ptr<const Defaults> element;                // list, set, map
};

namespace {

using Defaults = TypeConstraint::Defaults;
// Shared by the copies of a constraint.
using DefaultsPtr = std::shared_ptr<const Defaults>;

constexpr const char* kSummary = "Invalid type specification";

TypeConstraint invalid(const std::string& detail, const SourceRange& range,
                       Diagnostics& diagnostics, std::string hint = {}) {
  diagnostics.error(kSummary, detail, range, std::move(hint));
  return {};
}

TypeConstraint decode_keyword(const std::string& word, const SourceRange& range,
                              Diagnostics& diagnostics) {
  if (word == "bool") return {Type::boolean(), nullptr};
  if (word == "string") return {Type::string(), nullptr};
  if (word == "number") return {Type::number(), nullptr};
  if (word == "any") return {};
  if (word == "list" || word == "set" || word == "map") {
    return invalid("The " + word + " type needs the type of its elements.", range, diagnostics,
                   "Write " + word + "(string), or " + word + "(any).");
  }
  if (word == "object") {
    return invalid("The object type needs its attributes.", range, diagnostics,
                   "Write object({name = string}).");
  }
  if (word == "tuple") {
    return invalid("The tuple type needs the types of its elements.", range, diagnostics,
                   "Write tuple([string, number]).");
  }
  const std::string near = nearest_name(
      word, {"bool", "string", "number", "any", "list", "set", "map", "object", "tuple"});
  return invalid("The keyword \"" + word + "\" is not a valid type specification.", range,
                 diagnostics, near.empty() ? "" : "Did you mean \"" + near + "\"?");
}

TypeConstraint decode_collection(const Expression::Call& call, Diagnostics& diagnostics) {
  const TypeConstraint element = decode_type(*call.arguments[0], diagnostics);
  TypeConstraint result;
  if (call.name == "list") result.type = Type::list(element.type);
  else if (call.name == "set") result.type = Type::set(element.type);
  else result.type = Type::map(element.type);
  if (element.defaults != nullptr) {
    auto defaults = std::make_shared<Defaults>();
    defaults->element = element.defaults;
    result.defaults = std::move(defaults);
  }
  return result;
}

TypeConstraint decode_tuple(const Expression::Call& call, Diagnostics& diagnostics) {
  const auto items = call.arguments[0]->as_tuple();
  if (!items) {
    return invalid("The tuple type needs a list of types.", call.arguments[0]->range(),
                   diagnostics, "Write tuple([string, number]).");
  }
  std::vector<Type> types;
  auto defaults = std::make_shared<Defaults>();
  bool any_default = false;
  for (const Expression* item : *items) {
    TypeConstraint element = decode_type(*item, diagnostics);
    types.push_back(std::move(element.type));
    any_default = any_default || element.defaults != nullptr;
    defaults->elements.push_back(std::move(element.defaults));
  }
  return {Type::tuple(std::move(types)), any_default ? std::move(defaults) : nullptr};
}

// `optional(T)` or `optional(T, default)`.
struct OptionalAttribute {
  TypeConstraint constraint;
  std::optional<Value> default_value;
};

OptionalAttribute decode_optional(const Expression::Call& call, const SourceRange& range,
                                  Diagnostics& diagnostics) {
  if (call.arguments.empty() || call.arguments.size() > 2) {
    return {invalid("optional() takes a type and, if wanted, a default value.", range,
                    diagnostics),
            std::nullopt};
  }
  OptionalAttribute attribute{decode_type(*call.arguments[0], diagnostics), std::nullopt};
  if (call.arguments.size() == 1) return attribute;
  ConstantEvaluation constants;
  const Value given = constants.evaluate(*call.arguments[1], diagnostics);
  const auto converted = value::convert(attribute.constraint.apply_defaults(given),
                                        attribute.constraint.type);
  if (converted) {
    attribute.default_value = *converted;
  } else {
    diagnostics.error("Invalid default value for optional attribute",
                      "This default value does not fit the attribute's type: " +
                          converted.error().message + ".",
                      call.arguments[1]->range());
  }
  return attribute;
}

std::optional<std::string> attribute_name(const Expression& key, Diagnostics& diagnostics) {
  if (auto word = key.as_keyword()) return word;
  Diagnostics found;
  ConstantEvaluation constants;
  const Value v = constants.evaluate(key, found);
  if (!found.has_errors() && !v.is_null() && v.is_known() && v.type().kind() == Kind::String) {
    return v.as_string();
  }
  diagnostics.error(kSummary, "The keys of an object type are attribute names.", key.range());
  return std::nullopt;
}

TypeConstraint decode_object(const Expression::Call& call, Diagnostics& diagnostics) {
  const auto items = call.arguments[0]->as_object();
  if (!items) {
    return invalid("The object type needs attributes and their types.",
                   call.arguments[0]->range(), diagnostics, "Write object({name = string}).");
  }
  std::map<std::string, Type> types;
  std::map<std::string, bool> optional;
  auto defaults = std::make_shared<Defaults>();
  for (const auto& [key, type] : *items) {
    const auto name = attribute_name(*key, diagnostics);
    if (!name) continue;
    OptionalAttribute attribute;
    const auto inner = type->as_call();
    if (inner && inner->name == "optional") {
      attribute = decode_optional(*inner, type->range(), diagnostics);
      optional[*name] = true;
    } else {
      attribute.constraint = decode_type(*type, diagnostics);
    }
    types[*name] = attribute.constraint.type;
    if (attribute.default_value) defaults->values[*name] = *attribute.default_value;
    if (attribute.constraint.defaults != nullptr) {
      defaults->attributes[*name] = attribute.constraint.defaults;
    }
  }
  const bool any_default = !defaults->values.empty() || !defaults->attributes.empty();
  return {Type::object(std::move(types), std::move(optional)),
          any_default ? std::move(defaults) : nullptr};
}

Value apply(const Defaults& defaults, const Value& v);

Value apply_inside(const DefaultsPtr& defaults, const Value& v) {
  return defaults == nullptr ? v : apply(*defaults, v);
}

Value apply_to_entries(const Defaults& defaults, const Value& v) {
  Value::Map entries = v.entries();
  if (defaults.element != nullptr) {
    for (auto& [key, entry] : entries) entry = apply(*defaults.element, entry);
  }
  for (const auto& [name, fallback] : defaults.values) {
    const auto found = entries.find(name);
    if (found == entries.end() || found->second.is_null()) entries[name] = fallback;
  }
  for (const auto& [name, inner] : defaults.attributes) {
    const auto found = entries.find(name);
    if (found != entries.end()) found->second = apply(*inner, found->second);
  }
  // An object also where a map was given: conversion to the constraint follows.
  return Value::object(std::move(entries));
}

Value apply(const Defaults& defaults, const Value& v) {
  if (v.is_null() || !v.is_known() || v.type().is_primitive()) return v;
  Value result;
  if (v.type().kind() == Kind::Object || v.type().kind() == Kind::Map) {
    result = apply_to_entries(defaults, v);
  } else {
    Value::List elements;
    for (size_t i = 0; i < v.size(); ++i) {
      const DefaultsPtr& inner = i < defaults.elements.size() ? defaults.elements[i]
                                                              : defaults.element;
      elements.push_back(apply_inside(inner, v.elements()[i]));
    }
    result = Value::tuple(std::move(elements));
  }
  return v.is_sensitive() ? result.with_sensitive() : result;
}

}  // namespace

Value TypeConstraint::apply_defaults(const Value& v) const {
  return defaults == nullptr ? v : apply(*defaults, v);
}

TypeConstraint decode_type(const Expression& expression, Diagnostics& diagnostics) {
  if (const auto word = expression.as_keyword()) {
    return decode_keyword(*word, expression.range(), diagnostics);
  }
  const auto call = expression.as_call();
  if (!call) {
    return invalid("A type is a keyword (string, number, bool, any) or a constructor such as "
                   "list(string).",
                   expression.range(), diagnostics);
  }
  const bool collection = call->name == "list" || call->name == "set" || call->name == "map";
  if (call->name == "optional") {
    return invalid("optional() is for the attributes of an object type only.", call->name_range,
                   diagnostics);
  }
  if (!collection && call->name != "object" && call->name != "tuple") {
    const std::string near = nearest_name(call->name, {"list", "set", "map", "object", "tuple"});
    return invalid("\"" + call->name + "\" is not a valid type constructor.", call->name_range,
                   diagnostics, near.empty() ? "" : "Did you mean \"" + near + "\"?");
  }
  if (call->arguments.size() != 1) {
    return invalid("The " + call->name + " type takes one argument.", expression.range(),
                   diagnostics);
  }
  if (collection) return decode_collection(*call, diagnostics);
  return call->name == "object" ? decode_object(*call, diagnostics)
                                : decode_tuple(*call, diagnostics);
}

}  // namespace farm::hcl2
