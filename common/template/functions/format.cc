// format and formatlist.

#include "common/template/functions/format_text.h"
#include "common/template/functions/registration.h"

#include <fmt/format.h>

namespace farm::functions {
namespace {

Outcome format(Arguments arguments, CallContext&) {
  auto formatted = format_text(arguments[0].as_string(), arguments.subspan(1));
  if (auto* error = std::get_if<FunctionError>(&formatted)) return std::move(*error);
  return Value::string(std::get<std::string>(std::move(formatted)));
}

struct Iteration {
  std::optional<size_t> length;  // empty: no argument is a list
  size_t decided_by = 0;         // the argument (0-based) that gave the length
};

bool iterates(const Value& v) {
  return !v.is_null() && is_elements(v.type());
}

std::variant<Iteration, FunctionError> iteration_of(Arguments lists) {
  Iteration iteration;
  for (size_t i = 0; i < lists.size(); ++i) {
    if (!iterates(lists[i])) continue;
    const size_t length = lists[i].elements().size();
    if (!iteration.length) {
      iteration = {length, i};
    } else if (*iteration.length != length) {
      return FunctionError{
          fmt::format("argument {} has length {}, which is inconsistent with argument {} of "
                      "length {}",
                      i + 1, length, iteration.decided_by + 1, *iteration.length),
          i + 1};
    }
  }
  return iteration;
}

Outcome format_list(Arguments arguments, CallContext&) {
  const std::string& layout = arguments[0].as_string();
  const Arguments lists = arguments.subspan(1);
  auto counted = iteration_of(lists);
  if (auto* error = std::get_if<FunctionError>(&counted)) return std::move(*error);
  const size_t length = std::get<Iteration>(counted).length.value_or(1);
  Value::List texts;
  size_t bytes = 0;
  for (size_t i = 0; i < length; ++i) {
    Value::List row;
    for (const Value& list : lists) row.push_back(iterates(list) ? list.elements()[i] : list);
    auto formatted = format_text(layout, row);
    if (auto* error = std::get_if<FunctionError>(&formatted)) {
      if (lists.empty()) return std::move(*error);
      return fail(fmt::format("error on format iteration {}: {}", i, error->message));
    }
    bytes += std::get<std::string>(formatted).size();
    if (bytes > kLargestText) return fail_too_long();
    texts.push_back(Value::string(std::get<std::string>(std::move(formatted))));
  }
  return Value::list(Type::string(), std::move(texts));
}

}  // namespace

void add_format_functions(Table& table) {
  define(table,
         {"format",
          {text_parameter("format")},
          nullable_parameter("args"),
          Type::string(),
          "Text from a format string with % verbs and values."},
         format);
  define(table,
         {"formatlist",
          {text_parameter("format")},
          nullable_parameter("args"),
          Type::list(Type::string()),
          "List of texts, formatted from lists element by element."},
         format_list);
}

}  // namespace farm::functions
