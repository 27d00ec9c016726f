#include "common/template/hcl2/access.h"

namespace farm::hcl2 {
namespace {

using value::Kind;
using value::Type;
using value::Value;

Value marked(const Value& part, const Value& whole) {
  return whole.is_sensitive() && !part.is_sensitive() ? part.with_sensitive() : part;
}

Value unknown_part(const Value& whole, Type type = Type::dynamic()) {
  return marked(Value::unknown(std::move(type)), whole);
}

std::vector<std::string> names_of(const Type& object) {
  std::vector<std::string> names;
  for (const auto& [name, type] : object.attributes()) names.push_back(name);
  return names;
}

Value missing_attribute(const Value& v, const std::string& name, const SourceRange& range,
                        Diagnostics& diagnostics) {
  const std::string near = nearest_name(name, names_of(v.type()));
  diagnostics.error("Unsupported attribute",
                    "This object does not have an attribute named \"" + name + "\".", range,
                    near.empty() ? "" : "Did you mean \"" + near + "\"?");
  return Value::unknown();
}

Value invalid_index(const std::string& detail, const SourceRange& range,
                    Diagnostics& diagnostics, std::string hint = {}) {
  diagnostics.error("Invalid index", detail, range, std::move(hint));
  return Value::unknown();
}

constexpr const char* kNoElement =
    "The given key does not identify an element in this collection value";

Value sequence_element(const Value& v, const Value& key, const SourceRange& range,
                       Diagnostics& diagnostics) {
  const auto number = value::convert(key, Type::number());
  if (!number) {
    return invalid_index(std::string(kNoElement) + ": " + number.error().message + ".", range,
                         diagnostics);
  }
  const bool tuple = v.type().kind() == Kind::Tuple;
  if (!number->is_known() || (!v.is_known() && !tuple)) {
    return unknown_part(v, tuple ? Type::dynamic() : v.type().element());
  }
  const value::Number& n = number->as_number();
  if (!n.is_integer()) {
    return invalid_index(std::string(kNoElement) + ": the index " + n.str() +
                             " is no whole number.",
                         range, diagnostics);
  }
  const auto index = n.to_int64();
  const size_t size = tuple ? v.type().elements().size() : v.size();
  if (!index || *index < 0) {
    return invalid_index(std::string(kNoElement) + ": the index " + n.str() + " is " +
                             (n.sign() < 0 ? "negative" : "too large") + ".",
                         range, diagnostics);
  }
  if (static_cast<uint64_t>(*index) >= size) {
    return invalid_index(std::string(kNoElement) + ": there are " + std::to_string(size) +
                             " elements, counted from 0.",
                         range, diagnostics);
  }
  const auto position = static_cast<size_t>(*index);
  if (!v.is_known()) return unknown_part(v, v.type().elements()[position]);
  return marked(v.elements()[position], v);
}

Value unknown_object_attribute(const Value& v, const std::string& name, const SourceRange& range,
                               Diagnostics& diagnostics) {
  const auto found = v.type().attributes().find(name);
  if (found == v.type().attributes().end()) {
    return missing_attribute(v, name, range, diagnostics);
  }
  return unknown_part(v, found->second);
}

Value keyed_element(const Value& v, const Value& key, const SourceRange& range,
                    Diagnostics& diagnostics) {
  const auto text = value::convert(key, Type::string());
  if (!text) {
    return invalid_index(std::string(kNoElement) + ": " + text.error().message + ".", range,
                         diagnostics);
  }
  const bool map = v.type().kind() == Kind::Map;
  if (!text->is_known()) {
    return unknown_part(v, map ? v.type().element() : Type::dynamic());
  }
  const std::string& name = text->as_string();
  if (!v.is_known()) {
    return map ? unknown_part(v, v.type().element())
               : unknown_object_attribute(v, name, range, diagnostics);
  }
  if (const Value* element = v.get(name)) return marked(*element, v);
  if (map) {
    return invalid_index(std::string(kNoElement) + ": there is no \"" + name + "\".", range,
                         diagnostics);
  }
  const std::string near = nearest_name(name, names_of(v.type()));
  return invalid_index(std::string(kNoElement) + ".", range, diagnostics,
                       near.empty() ? "" : "Did you mean \"" + near + "\"?");
}

Value no_attributes(const Value& v, const SourceRange& range, Diagnostics& diagnostics) {
  std::string detail = "This value does not have any attributes: it is a " +
                       v.type().friendly() + ".";
  std::string hint;
  const Kind kind = v.type().kind();
  if (kind == Kind::List || kind == Kind::Tuple || kind == Kind::Set) {
    hint = "Did you mean one element, [INDEX], or all of them, [*]?";
  }
  diagnostics.error("Unsupported attribute", std::move(detail), range, std::move(hint));
  return Value::unknown();
}

}  // namespace

Value get_attribute(const Value& v, const std::string& name, const SourceRange& range,
                    Diagnostics& diagnostics) {
  if (v.is_null()) {
    diagnostics.error("Attempt to get attribute from null value",
                      "This value is null, so it does not have any attributes.", range);
    return Value::unknown();
  }
  switch (v.type().kind()) {
    case Kind::Dynamic: return unknown_part(v);
    case Kind::Object: {
      if (!v.is_known()) return unknown_object_attribute(v, name, range, diagnostics);
      const Value* attribute = v.get(name);
      if (attribute == nullptr) return missing_attribute(v, name, range, diagnostics);
      return marked(*attribute, v);
    }
    case Kind::Map: {
      if (!v.is_known()) return unknown_part(v, v.type().element());
      if (const Value* element = v.get(name)) return marked(*element, v);
      diagnostics.error("Missing map element",
                        "This map does not have an element with the key \"" + name + "\".",
                        range);
      return Value::unknown();
    }
    default: return no_attributes(v, range, diagnostics);
  }
}

Value get_element(const Value& v, const Value& key, const SourceRange& range,
                  Diagnostics& diagnostics) {
  if (v.is_null()) {
    diagnostics.error("Attempt to index null value",
                      "This value is null, so it does not have any indices.", range);
    return Value::unknown();
  }
  if (key.is_null()) return invalid_index("A null value cannot be an index.", range, diagnostics);
  if (key.type().is_dynamic()) {
    return unknown_part(v).with_sensitive(v.is_sensitive() || key.is_sensitive());
  }
  Value part;
  switch (v.type().kind()) {
    case Kind::Dynamic: part = unknown_part(v); break;
    case Kind::List:
    case Kind::Tuple: part = sequence_element(v, key, range, diagnostics); break;
    case Kind::Map:
    case Kind::Object: part = keyed_element(v, key, range, diagnostics); break;
    case Kind::Set:
      return invalid_index("Elements of a set are found by their value and have no index.", range,
                           diagnostics);
    default:
      return invalid_index("This value does not have any indices: it is a " +
                               v.type().friendly() + ".",
                           range, diagnostics);
  }
  return key.is_sensitive() ? part.with_sensitive() : part;
}

Value follow(const Value& v, const std::vector<TraversalStep>& steps, Diagnostics& diagnostics) {
  // Objects that are just passed through are not copied, only pointed at.
  const Value* current = &v;
  Value made;
  bool sensitive = false;
  for (const TraversalStep& step : steps) {
    const auto* name = std::get_if<std::string>(&step.key);
    const bool plain = name != nullptr && current->is_known() && !current->is_null() &&
                       (current->type().kind() == Kind::Object ||
                        current->type().kind() == Kind::Map);
    if (plain) {
      if (const Value* part = current->get(*name)) {
        sensitive = sensitive || current->is_sensitive();
        current = part;
        continue;
      }
    }
    const size_t errors = diagnostics.size();
    Value part = name != nullptr
                     ? get_attribute(*current, *name, step.range, diagnostics)
                     : get_element(*current, std::get<Value>(step.key), step.range, diagnostics);
    if (diagnostics.size() > errors) return Value::unknown();
    made = std::move(part);
    current = &made;
  }
  return sensitive ? current->with_sensitive() : *current;
}

}  // namespace farm::hcl2
