// Functions over lists and tuples (and sets where order does not matter).

#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace farm::functions {
namespace {

// A list of the elements of `elements`, whose type is that of an existing list.
Value sublist(const Value& of, size_t from, size_t to) {
  const Value::List& all = of.elements();
  Value::List part(all.begin() + static_cast<std::ptrdiff_t>(from),
                   all.begin() + static_cast<std::ptrdiff_t>(to));
  if (of.type().kind() == value::Kind::Tuple) return Value::tuple(std::move(part));
  return Value::list(of.type().element(), std::move(part));
}

Outcome all_true(Arguments arguments, CallContext&) {
  bool unknown = false;
  for (const Value& element : arguments[0].elements()) {
    if (!element.is_known()) {
      unknown = true;
    } else if (element.is_null() || !element.as_bool()) {
      return Value::boolean(false);
    }
  }
  return unknown ? Value::unknown(Type::boolean()) : Value::boolean(true);
}

Outcome any_true(Arguments arguments, CallContext&) {
  bool unknown = false;
  for (const Value& element : arguments[0].elements()) {
    if (!element.is_known()) {
      unknown = true;
    } else if (!element.is_null() && element.as_bool()) {
      return Value::boolean(true);
    }
  }
  return unknown ? Value::unknown(Type::boolean()) : Value::boolean(false);
}

Outcome chunk_list(Arguments arguments, CallContext&) {
  const Value& list = arguments[0];
  const std::optional<int64_t> size = whole_number(arguments[1]);
  if (!size) return fail(fmt::format("invalid index: {}", kWholeNumberMessage));
  if (*size < 0) return fail("the size argument must be positive");
  const size_t total = list.elements().size();
  const size_t step = *size == 0 ? std::max<size_t>(total, 1) : static_cast<size_t>(*size);
  Value::List chunks;
  for (size_t from = 0; from < total;) {
    const size_t to = step < total - from ? from + step : total;
    chunks.push_back(sublist(list, from, to));
    from = to;
  }
  return Value::list(list.type(), std::move(chunks));
}

bool is_empty_text(const Value& v) {
  return v.type().kind() == value::Kind::String && v.as_string().empty();
}

// The type all arguments convert to; dynamic (no conversion) when one of them is untyped.
std::optional<Type> common_type(Arguments arguments) {
  std::vector<Type> types;
  for (const Value& argument : arguments) {
    if (argument.type().is_dynamic()) {
      if (!argument.is_null() && !argument.is_known()) return Type::dynamic();
      continue;
    }
    types.push_back(argument.type());
  }
  if (types.empty()) return arguments.empty() ? std::nullopt : std::optional(Type::dynamic());
  return value::unify(types);
}

Outcome coalesce(Arguments arguments, CallContext&) {
  const std::optional<Type> type = common_type(arguments);
  if (!type) return fail("all arguments must have the same type");
  for (const Value& argument : arguments) {
    if (!argument.is_known()) return Value::unknown(*type);
    if (argument.is_null() || is_empty_text(argument)) continue;
    return to_outcome(value::convert(argument, *type));
  }
  return fail("no non-null, non-empty-string arguments");
}

Outcome coalesce_list(Arguments arguments, CallContext&) {
  if (arguments.empty()) return fail("at least one argument is required");
  for (const Value& argument : arguments) {
    if (argument.is_known() && (argument.is_null() || !is_sequence(argument.type()))) {
      return fail("coalescelist arguments must be lists or tuples");
    }
  }
  for (const Value& argument : arguments) {
    if (!argument.is_known()) return Value::unknown();
    if (!argument.elements().empty()) return argument;
  }
  return fail("no non-null arguments");
}

Outcome compact(Arguments arguments, CallContext&) {
  Value::List kept;
  for (const Value& element : arguments[0].elements()) {
    if (!element.is_null() && !element.as_string().empty()) kept.push_back(element);
  }
  return Value::list(Type::string(), std::move(kept));
}

Outcome concat(Arguments arguments, CallContext&) {
  if (arguments.empty()) return fail("at least one argument is required");
  std::vector<Type> types;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Type& type = arguments[i].type();
    if (!is_sequence(type)) {
      return fail_argument(
          i, fmt::format("all arguments must be lists or tuples; got {}", type.friendly()));
    }
    if (type.kind() == value::Kind::List) types.push_back(type);
  }
  // Lists of unifiable types stay a list; with a tuple among them the result is a tuple.
  std::optional<Type> list;
  if (types.size() == arguments.size()) list = value::unify(types);
  Value::List all;
  for (const Value& argument : arguments) {
    Value::List elements = argument.elements();
    if (list) {
      Result<Value> converted = value::convert(argument, *list);
      if (!converted) return fail(std::move(converted).error().message);
      elements = converted->elements();
    }
    all.insert(all.end(), elements.begin(), elements.end());
    if (all.size() > kLargestList) return fail_too_many();
  }
  if (list) return Value::list(list->element(), std::move(all));
  return Value::tuple(std::move(all));
}

Outcome contains(Arguments arguments, CallContext&) {
  if (!is_elements(arguments[0].type())) return fail("argument must be list, tuple, or set");
  bool unknown = false;
  for (const Value& element : arguments[0].elements()) {
    if (!element.is_wholly_known() || !arguments[1].is_wholly_known()) {
      unknown = true;
    } else if (element == arguments[1]) {
      return Value::boolean(true);
    }
  }
  return unknown ? Value::unknown(Type::boolean()) : Value::boolean(false);
}

Outcome distinct(Arguments arguments, CallContext&) {
  Value::List kept;
  const auto less = [](const Value* a, const Value* b) { return Value::less(*a, *b); };
  std::set<const Value*, decltype(less)> seen(less);
  for (const Value& element : arguments[0].elements()) {
    if (seen.insert(&element).second) kept.push_back(element);
  }
  return Value::list(arguments[0].type().element(), std::move(kept));
}

Outcome element(Arguments arguments, CallContext&) {
  const Value& list = arguments[0];
  if (!is_sequence(list.type())) {
    return fail(fmt::format("cannot read elements from {}", list.type().friendly()));
  }
  const std::optional<int64_t> index = whole_number(arguments[1]);
  if (!index) return fail(fmt::format("invalid index: {}", kWholeNumberMessage));
  const auto total = static_cast<int64_t>(list.elements().size());
  if (total == 0) return fail("cannot use element function with an empty list");
  const int64_t wrapped = (*index % total + total) % total;
  return list.elements()[static_cast<size_t>(wrapped)];
}

// False when something unknown hides how many elements there are, or when there are too many.
bool flatten_into(const Value& v, Value::List& flat) {
  for (const Value& inner : v.elements()) {
    if (flat.size() > kLargestList) return false;
    if (!inner.is_known() && !inner.type().is_primitive()) return false;
    if (inner.is_known() && !inner.is_null() && is_elements(inner.type())) {
      if (!flatten_into(inner, flat)) return false;
    } else {
      flat.push_back(inner);
    }
  }
  return true;
}

Outcome flatten(Arguments arguments, CallContext&) {
  if (!is_elements(arguments[0].type())) return fail("can only flatten lists, sets and tuples");
  Value::List flat;
  if (!flatten_into(arguments[0], flat)) {
    return flat.size() > kLargestList ? fail_too_many() : Value::unknown();
  }
  return Value::tuple(std::move(flat));
}

Outcome index(Arguments arguments, CallContext&) {
  if (!is_sequence(arguments[0].type())) return fail("argument must be a list or tuple");
  const Value::List& elements = arguments[0].elements();
  if (elements.empty()) return fail("cannot search an empty list");
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i] == arguments[1]) return count_value(i);
  }
  return fail("item not found");
}

Outcome length(Arguments arguments, CallContext&) {
  const Value& v = arguments[0];
  const Type& type = v.type();
  const value::Kind kind = type.kind();
  if (kind == value::Kind::Tuple) return count_value(type.elements().size());
  if (kind == value::Kind::Object) return count_value(type.attributes().size());
  if (!v.is_known() && (type.is_dynamic() || kind == value::Kind::String || type.is_collection())) {
    return Value::unknown(Type::number());
  }
  if (kind == value::Kind::String) return count_value(graphemes(v.as_string()).size());
  if (!type.is_collection()) {
    return fail("argument must be a string, a collection type, or a structural type");
  }
  // Unknown elements of a set may turn out equal.
  if (kind == value::Kind::Set && !v.is_wholly_known()) return Value::unknown(Type::number());
  return count_value(v.size());
}

Outcome reverse(Arguments arguments, CallContext&) {
  const Type& type = arguments[0].type();
  if (!is_elements(type)) {
    return fail_argument(
        0, fmt::format("can only reverse list or tuple values, not {}", type.friendly()));
  }
  Value::List elements = arguments[0].elements();
  std::reverse(elements.begin(), elements.end());
  if (type.kind() == value::Kind::Tuple) return Value::tuple(std::move(elements));
  return Value::list(type.element(), std::move(elements));
}

Outcome slice(Arguments arguments, CallContext&) {
  const Type& type = arguments[0].type();
  if (type.kind() == value::Kind::Set) {
    return fail_argument(
        0,
        "cannot slice a set, because its elements do not have indices; explicitly convert to a "
        "list if the ordering of the result is not important");
  }
  if (!is_sequence(type)) return fail_argument(0, "must be a list or tuple value");
  const std::optional<int64_t> start = whole_number(arguments[1]);
  const std::optional<int64_t> end = whole_number(arguments[2]);
  if (!start) return fail_argument(1, fmt::format("invalid start index: {}", kWholeNumberMessage));
  if (!end) return fail_argument(2, fmt::format("invalid end index: {}", kWholeNumberMessage));
  const auto total = static_cast<int64_t>(arguments[0].elements().size());
  if (*start < 0) return fail_argument(1, "start index must not be less than zero");
  if (*start > total) {
    return fail_argument(1, "start index must not be greater than the length of the list");
  }
  if (*end < 0) return fail_argument(2, "end index must not be less than zero");
  if (*end > total) {
    return fail_argument(2, "end index must not be greater than the length of the list");
  }
  if (*start > *end) return fail_argument(1, "start index must not be greater than end index");
  return sublist(arguments[0], static_cast<size_t>(*start), static_cast<size_t>(*end));
}

Outcome sort(Arguments arguments, CallContext&) {
  Value::List elements = arguments[0].elements();
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].is_null()) {
      return fail(fmt::format("given list element {} is null; a null string cannot be sorted", i));
    }
  }
  std::sort(elements.begin(), elements.end(), Value::less);
  return Value::list(Type::string(), std::move(elements));
}

void add_searches(Table& table) {
  const Type any;
  define(table,
         {"alltrue",
          {list_parameter("list", Type::boolean())},
          {},
          Type::boolean(),
          "Whether all elements are true.",
          UnknownParts::PassThrough},
         all_true);
  define(table,
         {"anytrue",
          {list_parameter("list", Type::boolean())},
          {},
          Type::boolean(),
          "Whether any element is true.",
          UnknownParts::PassThrough},
         any_true);
  define(table,
         {"contains",
          {any_parameter("list"), any_parameter("value")},
          {},
          Type::boolean(),
          "Whether a list, tuple or set holds a value.",
          UnknownParts::PassThrough},
         contains);
  define(table,
         {"index",
          {any_parameter("list"), any_parameter("value")},
          {},
          Type::number(),
          "Position of a value in a list."},
         index);
  define(table,
         {"length",
          {{"value", any, false, true}},
          {},
          Type::number(),
          "Number of elements, or of characters of a text.",
          UnknownParts::PassThrough},
         length);
}

void add_choices(Table& table) {
  define(table,
         {"coalesce",
          {},
          Parameter{"vals", Type::dynamic(), true, true},
          Type::dynamic(),
          "The first argument that is neither null nor an empty text.",
          UnknownParts::PassThrough},
         coalesce);
  define(table,
         {"coalescelist",
          {},
          Parameter{"vals", Type::dynamic(), true, true},
          Type::dynamic(),
          "The first list that is not empty.",
          UnknownParts::PassThrough},
         coalesce_list);
  define(table,
         {"element",
          {any_parameter("list"), number_parameter("index")},
          {},
          Type::dynamic(),
          "The element at an index, which wraps around.",
          UnknownParts::PassThrough},
         element);
}

}  // namespace

void add_sequence_functions(Table& table) {
  const Type any;
  const Type strings = Type::list(Type::string());
  define(table,
         {"chunklist",
          {list_parameter("list"), number_parameter("size")},
          {},
          Type::list(Type::list(any)),
          "Splits a list into lists of a size.",
          UnknownParts::PassThrough},
         chunk_list);
  define(table,
         {"compact",
          {list_parameter("list", Type::string())},
          {},
          strings,
          "Removes empty texts and nulls."},
         compact);
  define(table,
         {"concat",
          {},
          any_parameter("seqs"),
          any,
          "Joins lists or tuples into one.",
          UnknownParts::PassThrough},
         concat);
  define(table,
         {"distinct", {list_parameter("list")}, {}, Type::list(any), "Removes repeated elements."},
         distinct);
  define(table,
         {"flatten",
          {any_parameter("list")},
          {},
          any,
          "Replaces lists inside by their elements, at all levels.",
          UnknownParts::PassThrough},
         flatten);
  define(table,
         {"reverse",
          {any_parameter("list")},
          {},
          any,
          "The elements backwards.",
          UnknownParts::PassThrough},
         reverse);
  define(table,
         {"slice",
          {any_parameter("list"), number_parameter("start_index"), number_parameter("end_index")},
          {},
          any,
          "The elements from an index to before another.",
          UnknownParts::PassThrough},
         slice);
  define(table,
         {"sort", {list_parameter("list", Type::string())}, {}, strings, "Sorts texts by bytes."},
         sort);
  add_searches(table);
  add_choices(table);
}

}  // namespace farm::functions
