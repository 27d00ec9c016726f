// Functions over maps and objects: keys values lookup merge zipmap.

#include "common/template/functions/registration.h"

#include <fmt/format.h>

namespace farm::functions {
namespace {

Outcome keys(Arguments arguments, CallContext&) {
  const Type& type = arguments[0].type();
  if (!is_mapping(type)) return fail_argument(0, "must have map or object type");
  Value::List names;
  if (type.kind() == value::Kind::Object) {
    for (const auto& [name, ignored] : type.attributes()) names.push_back(Value::string(name));
    return Value::tuple(std::move(names));
  }
  if (!arguments[0].is_known()) return Value::unknown(Type::list(Type::string()));
  for (const auto& [name, ignored] : arguments[0].entries()) names.push_back(Value::string(name));
  return Value::list(Type::string(), std::move(names));
}

Outcome values(Arguments arguments, CallContext&) {
  const Type& type = arguments[0].type();
  if (!is_mapping(type)) return fail("values() requires a map as the first argument");
  Value::List found;
  for (const auto& [name, element] : arguments[0].entries()) found.push_back(element);
  if (type.kind() == value::Kind::Object) return Value::tuple(std::move(found));
  return Value::list(type.element(), std::move(found));
}

Outcome lookup(Arguments arguments, CallContext&) {
  const Type& type = arguments[0].type();
  if (!is_mapping(type)) {
    return fail_argument(0, "lookup() requires a map as the first argument");
  }
  if (const Value* found = arguments[0].get(arguments[1].as_string())) return *found;
  if (type.kind() == value::Kind::Object) return arguments[2];
  Result<Value> other = value::convert(arguments[2], type.element());
  if (!other) {
    return fail_argument(2, "the default value must have the same type as the map elements");
  }
  return std::move(other).value();
}

Outcome merge(Arguments arguments, CallContext&) {
  Value::Map merged;
  bool same_type = true;
  for (const Value& argument : arguments) {
    const Type& type = argument.type();
    if (!argument.is_known()) return Value::unknown();
    if (!type.is_dynamic() && !is_mapping(type)) {
      return fail(
          fmt::format("arguments must be maps or objects, got {}", quoted(type.friendly())));
    }
    same_type = same_type && type == arguments[0].type();
    if (argument.is_null()) continue;
    for (const auto& [name, element] : argument.entries()) merged.insert_or_assign(name, element);
  }
  if (!arguments.empty() && same_type && arguments[0].type().kind() == value::Kind::Map) {
    return Value::map(arguments[0].type().element(), std::move(merged));
  }
  return Value::object(std::move(merged));
}

Outcome zipmap(Arguments arguments, CallContext&) {
  const Value::List& names = arguments[0].elements();
  if (!is_sequence(arguments[1].type())) {
    return fail("values argument must be a list or tuple value");
  }
  const Value::List& elements = arguments[1].elements();
  if (names.size() != elements.size()) {
    return fail(fmt::format("number of keys ({}) does not match number of values ({})",
                            names.size(), elements.size()));
  }
  Value::Map zipped;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!names[i].is_known()) return Value::unknown();
    if (names[i].is_null()) return fail(fmt::format("keys list has null value at index {}", i));
    zipped.insert_or_assign(names[i].as_string(), elements[i]);
  }
  if (arguments[1].type().kind() == value::Kind::List) {
    return Value::map(arguments[1].type().element(), std::move(zipped));
  }
  return Value::object(std::move(zipped));
}

}  // namespace

void add_mapping_functions(Table& table) {
  const Type any;
  define(table,
         {"keys",
          {{"inputMap", any, false, true}},
          {},
          any,
          "The keys of a map, sorted.",
          UnknownParts::PassThrough},
         keys);
  define(table,
         {"values",
          {any_parameter("mapping")},
          {},
          any,
          "The values of a map in key order.",
          UnknownParts::PassThrough},
         values);
  define(table,
         {"lookup",
          {any_parameter("inputMap"), text_parameter("key"), any_parameter("default")},
          {},
          any,
          "The value at a key, or a default.",
          UnknownParts::PassThrough},
         lookup);
  define(table,
         {"merge",
          {},
          Parameter{"maps", any, true, true},
          any,
          "One map of all; later ones win.",
          UnknownParts::PassThrough},
         merge);
  define(table,
         {"zipmap",
          {list_parameter("keys", Type::string()), any_parameter("values")},
          {},
          any,
          "A map of a list of keys and a list of values.",
          UnknownParts::PassThrough},
         zipmap);
}

}  // namespace farm::functions
