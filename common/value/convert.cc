// Conversion and unification of types: template-language rules, one function per shape.
#include <algorithm>

#include "common/value/value.h"

namespace farm::value {
namespace {

// What dynamic means among types to unify: in general nothing can be said; among the elements of a
// value it stands for null or unknown, which take any type.
enum class DynamicRule { Wins, Yields };

std::optional<Type> unify_types(const std::vector<Type>& types, DynamicRule rule);

Type strip_optional(const Type& type) {
  if (!type.has_optional()) return type;
  switch (type.kind()) {
    case Kind::List: return Type::list(strip_optional(type.element()));
    case Kind::Set: return Type::set(strip_optional(type.element()));
    case Kind::Map: return Type::map(strip_optional(type.element()));
    case Kind::Tuple: {
      std::vector<Type> elements;
      for (const Type& element : type.elements()) elements.push_back(strip_optional(element));
      return Type::tuple(std::move(elements));
    }
    case Kind::Object: {
      std::map<std::string, Type> attributes;
      for (const auto& [name, t] : type.attributes()) attributes[name] = strip_optional(t);
      return Type::object(std::move(attributes));
    }
    default: return type;
  }
}

Error mismatch(const Type& want) {
  return invalid_input(want.friendly() + " required");
}

std::string position(size_t index) { return "element " + std::to_string(index); }
std::string position(const std::string& key) { return "element \"" + key + "\""; }
std::string attribute_position(const std::string& name) { return "attribute \"" + name + "\""; }

Error missing_attributes(const std::vector<std::string>& names) {
  if (names.size() == 1) return invalid_input("attribute \"" + names[0] + "\" is required");
  std::string text = "attributes ";
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? (i > 1 ? ", and " : " and ") : ", ";
    text += "\"" + names[i] + "\"";
  }
  return invalid_input(text + " are required");
}

Result<Value> convert_primitive(const Value& v, const Type& type) {
  const Kind from = v.type().kind();
  if (type.kind() == Kind::String && from == Kind::Bool) {
    return Value::string(v.as_bool() ? "true" : "false");
  }
  if (type.kind() == Kind::String && from == Kind::Number) {
    if (v.as_number().is_infinite()) return invalid_input("infinity has no text");
    return Value::string(v.as_number().str());
  }
  if (from != Kind::String) return mismatch(type);
  const std::string& text = v.as_string();
  if (type.kind() == Kind::Number) {
    Number n = TRY(Number::parse(text));
    return Value::number(std::move(n));
  }
  if (text == "true" || text == "1") return Value::boolean(true);
  if (text == "false" || text == "0") return Value::boolean(false);
  std::string lower = text;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "true" || lower == "false") {
    return invalid_input("a bool is required; to convert from string, use lowercase \"" + lower +
                         "\"");
  }
  return invalid_input("a bool is required");
}

// Whether a value of type `from` that is not known yet may become a `to`.
bool may_convert(const Type& from, const Type& to);

bool all_may_convert(const Type& from, const Type& element) {
  switch (from.kind()) {
    case Kind::Tuple:
      return std::all_of(from.elements().begin(), from.elements().end(),
                         [&](const Type& t) { return may_convert(t, element); });
    case Kind::Object:
      return std::all_of(from.attributes().begin(), from.attributes().end(),
                         [&](const auto& pair) { return may_convert(pair.second, element); });
    default: return may_convert(from.element(), element);
  }
}

bool may_become_object(const Type& from, const Type& to) {
  if (from.kind() == Kind::Map) return true;
  if (from.kind() != Kind::Object) return false;
  for (const auto& [name, type] : to.attributes()) {
    const auto found = from.attributes().find(name);
    if (found == from.attributes().end() ? !to.attribute_optional(name)
                                         : !may_convert(found->second, type)) {
      return false;
    }
  }
  return true;
}

bool may_become_tuple(const Type& from, const Type& to) {
  if (from.kind() != Kind::Tuple || from.elements().size() != to.elements().size()) return false;
  for (size_t i = 0; i < to.elements().size(); ++i) {
    if (!may_convert(from.elements()[i], to.elements()[i])) return false;
  }
  return true;
}

bool may_convert(const Type& from, const Type& to) {
  if (from.is_dynamic() || to.is_dynamic() || from == to) return true;
  switch (to.kind()) {
    case Kind::String: return from.is_primitive();
    case Kind::Number:
    case Kind::Bool: return from.kind() == Kind::String;
    case Kind::List:
    case Kind::Set:
      return (from.kind() == Kind::List || from.kind() == Kind::Set ||
              from.kind() == Kind::Tuple) &&
             all_may_convert(from, to.element());
    case Kind::Map:
      return (from.kind() == Kind::Map || from.kind() == Kind::Object) &&
             all_may_convert(from, to.element());
    case Kind::Object: return may_become_object(from, to);
    case Kind::Tuple: return may_become_tuple(from, to);
    default: return true;
  }
}

// `wanted` with its dynamic parts filled from `given`, of which there is no value to look at.
Type filled(const Type& wanted, const Type& given);

Type filled_element(const Type& wanted, const Type& given) {
  std::vector<Type> types;
  if (given.kind() == Kind::Tuple) {
    for (const Type& type : given.elements()) types.push_back(filled(wanted, type));
  } else if (given.kind() == Kind::Object) {
    for (const auto& [name, type] : given.attributes()) types.push_back(filled(wanted, type));
  } else if (given.is_collection()) {
    types.push_back(filled(wanted, given.element()));
  }
  if (types.empty()) return strip_optional(wanted);
  return unify_types(types, DynamicRule::Yields).value_or(strip_optional(wanted));
}

Type filled_attributes(const Type& wanted, const Type& given) {
  std::map<std::string, Type> attributes;
  for (const auto& [name, type] : wanted.attributes()) {
    if (given.kind() == Kind::Map) {
      attributes[name] = filled(type, given.element());
      continue;
    }
    const auto found = given.attributes().find(name);
    attributes[name] =
        found == given.attributes().end() ? strip_optional(type) : filled(type, found->second);
  }
  return Type::object(std::move(attributes));
}

Type filled(const Type& wanted, const Type& given) {
  if (wanted.is_dynamic()) return given;
  if (!wanted.has_dynamic() || given.is_dynamic()) return strip_optional(wanted);
  switch (wanted.kind()) {
    case Kind::List: return Type::list(filled_element(wanted.element(), given));
    case Kind::Set: return Type::set(filled_element(wanted.element(), given));
    case Kind::Map: return Type::map(filled_element(wanted.element(), given));
    case Kind::Object: return filled_attributes(wanted, given);
    case Kind::Tuple: {
      std::vector<Type> elements;
      for (size_t i = 0; i < wanted.elements().size(); ++i) {
        elements.push_back(filled(wanted.elements()[i], given.elements()[i]));
      }
      return Type::tuple(std::move(elements));
    }
    default: return wanted;
  }
}

// The one element type of a collection made of `types` out of a `given`: `wanted`, with its dynamic
// parts filled.
Result<Type> element_type(const Type& wanted, const std::vector<Type>& types, const Type& given,
                          const char* what) {
  if (!wanted.has_dynamic()) return strip_optional(wanted);
  if (types.empty()) return filled_element(wanted, given);
  auto unified = unify_types(types, DynamicRule::Yields);
  if (!unified) {
    return invalid_input(std::string("all ") + what + " elements must have the same type");
  }
  return *unified;
}

Result<Value> convert_sequence(const Value& v, const Type& type) {
  const bool to_set = type.kind() == Kind::Set;
  const Kind from = v.type().kind();
  if (from != Kind::List && from != Kind::Set && from != Kind::Tuple) return mismatch(type);
  Value::List elements;
  std::vector<Type> types;
  elements.reserve(v.size());
  for (const Value& element : v.elements()) {
    auto converted = convert(element, type.element());
    if (!converted) return std::move(converted).error().within(position(elements.size()));
    types.push_back(converted->type());
    elements.push_back(*std::move(converted));
  }
  const char* what = to_set ? "set" : "list";
  const Type element = TRY(element_type(type.element(), types, v.type(), what));
  for (size_t i = 0; i < elements.size(); ++i) {
    auto converted = convert(elements[i], element);
    if (!converted) return std::move(converted).error().within(position(i));
    if (!(converted->type() == element)) {
      return invalid_input(std::string("all ") + what + " elements must have the same type");
    }
    elements[i] = *std::move(converted);
  }
  return to_set ? Value::set(element, std::move(elements))
                : Value::list(element, std::move(elements));
}

Result<Value> convert_map(const Value& v, const Type& type) {
  if (v.type().kind() != Kind::Map && v.type().kind() != Kind::Object) return mismatch(type);
  Value::Map entries;
  std::vector<Type> types;
  for (const auto& [key, element] : v.entries()) {
    auto converted = convert(element, type.element());
    if (!converted) return std::move(converted).error().within(position(key));
    types.push_back(converted->type());
    entries.emplace_hint(entries.end(), key, *std::move(converted));
  }
  const Type element = TRY(element_type(type.element(), types, v.type(), "map"));
  for (auto& [key, entry] : entries) {
    auto converted = convert(entry, element);
    if (!converted) return std::move(converted).error().within(position(key));
    if (!(converted->type() == element)) {
      return invalid_input("all map elements must have the same type");
    }
    entry = *std::move(converted);
  }
  return Value::map(element, std::move(entries));
}

Result<Value> convert_object(const Value& v, const Type& type) {
  if (v.type().kind() != Kind::Map && v.type().kind() != Kind::Object) return mismatch(type);
  Value::Map attributes;
  std::vector<std::string> missing;
  for (const auto& [name, wanted] : type.attributes()) {
    const Value* given = v.get(name);
    if (given == nullptr && !type.attribute_optional(name)) {
      missing.push_back(name);
    } else if (given == nullptr) {
      attributes.emplace_hint(attributes.end(), name, Value::null(strip_optional(wanted)));
    } else {
      auto converted = convert(*given, wanted);
      if (!converted) return std::move(converted).error().within(attribute_position(name));
      attributes.emplace_hint(attributes.end(), name, *std::move(converted));
    }
  }
  if (!missing.empty()) return missing_attributes(missing);
  return Value::object(std::move(attributes));
}

Result<Value> convert_tuple(const Value& v, const Type& type) {
  if (v.type().kind() != Kind::Tuple) return mismatch(type);
  if (v.size() != type.elements().size()) {
    return invalid_input("tuple of " + std::to_string(type.elements().size()) +
                         " elements required");
  }
  Value::List elements;
  for (size_t i = 0; i < v.size(); ++i) {
    auto converted = convert(v.elements()[i], type.elements()[i]);
    if (!converted) return std::move(converted).error().within(position(i));
    elements.push_back(*std::move(converted));
  }
  return Value::tuple(std::move(elements));
}

Result<Value> convert_known(const Value& v, const Type& type) {
  switch (type.kind()) {
    case Kind::List:
    case Kind::Set: return convert_sequence(v, type);
    case Kind::Map: return convert_map(v, type);
    case Kind::Object: return convert_object(v, type);
    case Kind::Tuple: return convert_tuple(v, type);
    default: return convert_primitive(v, type);
  }
}

// Every element type of the sequences or attribute type of the objects and maps in `types`.
std::vector<Type> parts(const std::vector<Type>& types) {
  std::vector<Type> all;
  for (const Type& type : types) {
    if (type.kind() == Kind::Tuple) {
      all.insert(all.end(), type.elements().begin(), type.elements().end());
    } else if (type.kind() == Kind::Object) {
      for (const auto& [name, t] : type.attributes()) all.push_back(t);
    } else {
      all.push_back(type.element());
    }
  }
  return all;
}

std::optional<Type> unify_tuples(const std::vector<Type>& types, DynamicRule rule) {
  std::vector<Type> elements;
  for (size_t i = 0; i < types[0].elements().size(); ++i) {
    std::vector<Type> column;
    for (const Type& type : types) column.push_back(type.elements()[i]);
    auto unified = unify_types(column, rule);
    if (!unified) return std::nullopt;
    elements.push_back(*std::move(unified));
  }
  return Type::tuple(std::move(elements));
}

std::optional<Type> unify_objects(const std::vector<Type>& types, DynamicRule rule) {
  std::map<std::string, Type> attributes;
  for (const auto& [name, first] : types[0].attributes()) {
    std::vector<Type> column;
    for (const Type& type : types) column.push_back(type.attributes().at(name));
    auto unified = unify_types(column, rule);
    if (!unified) return std::nullopt;
    attributes.emplace_hint(attributes.end(), name, *std::move(unified));
  }
  return Type::object(std::move(attributes));
}

bool same_attributes(const Type& a, const Type& b) {
  return a.attributes().size() == b.attributes().size() &&
         std::equal(a.attributes().begin(), a.attributes().end(), b.attributes().begin(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

// The first of `candidates` that all of `types` may become.
std::optional<Type> first_for_all(const std::vector<Type>& candidates,
                                  const std::vector<Type>& types) {
  for (const Type& candidate : candidates) {
    if (std::all_of(types.begin(), types.end(),
                    [&](const Type& type) { return may_convert(type, candidate); })) {
      return candidate;
    }
  }
  return std::nullopt;
}

std::optional<Type> unify_sequences(const std::vector<Type>& types, DynamicRule rule) {
  const auto count = [&types](Kind kind) {
    return static_cast<size_t>(std::count_if(
        types.begin(), types.end(), [kind](const Type& t) { return t.kind() == kind; }));
  };
  const size_t sets = count(Kind::Set);
  if (count(Kind::Tuple) == types.size() &&
      std::all_of(types.begin(), types.end(), [&](const Type& t) {
        return t.elements().size() == types[0].elements().size();
      })) {
    return unify_tuples(types, rule);
  }
  if (sets == 0 || sets == types.size()) {
    const auto element = unify_types(parts(types), rule);
    if (!element) return std::nullopt;
    return sets == 0 ? Type::list(*element) : Type::set(*element);
  }
  // Sets among others: the type of one of them, a list before a set.
  std::vector<Type> candidates;
  for (const Kind kind : {Kind::List, Kind::Set}) {
    for (const Type& type : types) {
      if (type.kind() == kind) candidates.push_back(type);
    }
  }
  return first_for_all(candidates, types);
}

std::optional<Type> unify_mappings(const std::vector<Type>& types, DynamicRule rule) {
  const bool objects = std::all_of(types.begin(), types.end(), [&](const Type& t) {
    return t.kind() == Kind::Object && types[0].kind() == Kind::Object &&
           same_attributes(t, types[0]);
  });
  if (objects) return unify_objects(types, rule);
  const auto element = unify_types(parts(types), rule);
  if (!element) return std::nullopt;
  return Type::map(*element);
}

std::optional<Type> unify_types(const std::vector<Type>& types, DynamicRule rule) {
  std::vector<Type> known;
  for (const Type& type : types) {
    if (!type.is_dynamic() && (known.empty() || !(known.back() == type))) known.push_back(type);
  }
  // Dynamic yields to primitive types in any case.
  const bool open = rule == DynamicRule::Wins &&
                    std::any_of(types.begin(), types.end(), [](const Type& t) {
                      return t.is_dynamic();
                    });
  if (open && std::any_of(known.begin(), known.end(), [](const Type& t) {
        return !t.is_primitive();
      })) {
    return Type::dynamic();
  }
  if (known.empty()) return Type::dynamic();
  if (known.size() == 1) return known[0];
  const auto all = [&known](auto predicate) {
    return std::all_of(known.begin(), known.end(), predicate);
  };
  if (all([](const Type& t) { return t.is_primitive(); })) {
    if (all([&](const Type& t) { return t.kind() == known[0].kind(); })) return known[0];
    const bool any_string = std::any_of(known.begin(), known.end(), [](const Type& t) {
      return t.kind() == Kind::String;
    });
    if (any_string) return Type::string();
    return std::nullopt;
  }
  if (all([](const Type& t) {
        return t.kind() == Kind::List || t.kind() == Kind::Set || t.kind() == Kind::Tuple;
      })) {
    return unify_sequences(known, rule);
  }
  if (all([](const Type& t) { return t.kind() == Kind::Map || t.kind() == Kind::Object; })) {
    return unify_mappings(known, rule);
  }
  return std::nullopt;
}

}  // namespace

Result<Value> convert(const Value& v, const Type& type) {
  if (type.is_dynamic() || v.type() == type) return v;
  if (v.is_null() || !v.is_known()) {
    if (!may_convert(v.type(), type)) return mismatch(type);
    const Type to = filled(type, v.type());
    return (v.is_null() ? Value::null(to) : Value::unknown(to)).with_sensitive(v.is_sensitive());
  }
  const Value converted = TRY(convert_known(v, type));
  return v.is_sensitive() ? converted.with_sensitive() : converted;
}

std::optional<Type> unify(const std::vector<Type>& types) {
  return unify_types(types, DynamicRule::Wins);
}

}  // namespace farm::value
