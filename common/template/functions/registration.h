// How the family files of this folder enter their functions into the table: parameter shorthands,
// errors, and define(), which also answers "unknown" for arguments with unknown parts. Internal to
// the folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/template/functions/function.h"

namespace farm::functions {

using value::Number;
using value::Type;
using value::Value;
using Table = std::map<std::string, Function>;

void add_numeric_functions(Table& table);
void add_format_functions(Table& table);
void add_string_functions(Table& table);
void add_regex_functions(Table& table);
void add_sequence_functions(Table& table);
void add_mapping_functions(Table& table);
void add_set_functions(Table& table);
void add_encoding_functions(Table& table);
void add_filesystem_functions(Table& table);
void add_datetime_functions(Table& table);
void add_crypto_functions(Table& table);
void add_ip_functions(Table& table);
void add_external_functions(Table& table);
void add_template_functions(Table& table);

/// What a function does with arguments that are known but have unknown parts inside.
enum class UnknownParts {
  MakeUnknown,  // the result is unknown and the body is not called
  PassThrough,  // the body copes (merge, keys, ...)
};

struct Signature {
  std::string name;
  std::vector<Parameter> parameters;
  std::optional<Parameter> variadic;
  Type result;
  std::string description;
  UnknownParts unknown_parts = UnknownParts::MakeUnknown;
};

/// No function makes a longer text or a longer list: templates are foreign input.
inline constexpr size_t kLargestText = 16 << 20;
inline constexpr size_t kLargestList = 1'000'000;

inline Outcome fail(std::string message) {
  return FunctionError{std::move(message), std::nullopt};
}
inline Outcome fail_argument(size_t argument, std::string message) {
  return FunctionError{std::move(message), argument};
}

inline Outcome fail_too_long() { return fail("the result would be too long a text"); }
inline Outcome fail_too_many() { return fail("the result would have too many elements"); }

inline Outcome to_outcome(Outcome outcome) {
  return outcome;
}
inline Outcome to_outcome(Result<Value> result) {
  if (!result) return fail(std::move(result).error().message);
  return std::move(result).value();
}
inline Outcome to_outcome(Result<std::string> result) {
  if (!result) return fail(std::move(result).error().message);
  return Value::string(std::move(result).value());
}

inline bool wholly_known(Arguments arguments) {
  for (const Value& argument : arguments) {
    if (!argument.is_wholly_known()) return false;
  }
  return true;
}

/// `body` is called as body(Arguments, CallContext&) and gives an Outcome, a Result<Value> or a
/// Result<std::string>.
template <class Body>
void define(Table& table, Signature signature, Body body) {
  Function function;
  function.name = std::move(signature.name);
  function.parameters = std::move(signature.parameters);
  function.variadic = std::move(signature.variadic);
  function.result = signature.result;
  function.description = std::move(signature.description);
  if (signature.unknown_parts == UnknownParts::PassThrough) {
    function.call = [body](Arguments arguments, CallContext& context) -> Outcome {
      return to_outcome(body(arguments, context));
    };
  } else {
    function.call = [body, result = std::move(signature.result)](Arguments arguments,
                                                                 CallContext& context) -> Outcome {
      if (!wholly_known(arguments)) return Value::unknown(result);
      return to_outcome(body(arguments, context));
    };
  }
  std::string name = function.name;
  table.emplace(std::move(name), std::move(function));
}

inline Parameter text_parameter(std::string name) {
  return {std::move(name), Type::string()};
}
inline Parameter number_parameter(std::string name) {
  return {std::move(name), Type::number()};
}
inline Parameter any_parameter(std::string name) {
  return {std::move(name), Type::dynamic()};
}
inline Parameter nullable_parameter(std::string name) {
  return {std::move(name), Type::dynamic(), true};
}
inline Parameter list_parameter(std::string name, Type element = Type::dynamic()) {
  return {std::move(name), Type::list(std::move(element))};
}

inline constexpr const char* kWholeNumberMessage =
    "value must be a whole number, between -9223372036854775808 and 9223372036854775807";

inline std::optional<int64_t> whole_number(const Value& v) {
  return v.as_number().to_int64();
}
inline Value count_value(size_t count) {
  return Value::number(static_cast<int64_t>(count));
}
inline bool is_sequence(const Type& type) {
  return type.kind() == value::Kind::List || type.kind() == value::Kind::Tuple;
}
inline bool is_mapping(const Type& type) {
  return type.kind() == value::Kind::Map || type.kind() == value::Kind::Object;
}
inline bool is_elements(const Type& type) {
  return is_sequence(type) || type.kind() == value::Kind::Set;
}
/// The text as Go's %q prints it: in double quotes with escapes.
std::string quoted(std::string_view text);
Value string_list(const std::vector<std::string>& texts);

}  // namespace farm::functions
