// Set functions: setintersection setproduct setunion.

#include "common/template/functions/registration.h"

#include <algorithm>

#include <fmt/format.h>

namespace farm::functions {
namespace {

// A template must not make us hold more than this many elements of tuples.
constexpr size_t kLargestProduct = 1'000'000;

// All sets converted to one element type, or nothing when there is none.
std::optional<std::vector<Value>> unified_sets(Arguments sets) {
  std::vector<Type> elements;
  for (const Value& set : sets) {
    // An empty literal has no element type of its own.
    if (set.elements().empty() && set.type().element().is_dynamic()) continue;
    elements.push_back(set.type().element());
  }
  const std::optional<Type> element =
      elements.empty() ? std::optional(Type::dynamic()) : value::unify(elements);
  if (!element) return std::nullopt;
  std::vector<Value> converted;
  for (const Value& set : sets) {
    if (set.elements().empty()) {
      converted.push_back(Value::set(*element, {}));
      continue;
    }
    Result<Value> same = value::convert(set, Type::set(*element));
    if (!same) return std::nullopt;
    converted.push_back(std::move(same).value());
  }
  return converted;
}

template <class Combine>
Outcome combined(Arguments arguments, Combine combine) {
  const std::optional<std::vector<Value>> sets = unified_sets(arguments);
  if (!sets) return fail("given sets must all have compatible element types");
  Value::List elements = sets->front().elements();
  for (size_t i = 1; i < sets->size(); ++i) combine(elements, (*sets)[i].elements());
  return Value::set(sets->front().type().element(), std::move(elements));
}

Outcome set_union(Arguments arguments, CallContext&) {
  return combined(arguments, [](Value::List& all, const Value::List& other) {
    all.insert(all.end(), other.begin(), other.end());
  });
}

Outcome set_intersection(Arguments arguments, CallContext&) {
  return combined(arguments, [](Value::List& all, const Value::List& other) {
    std::erase_if(all, [&other](const Value& v) {
      return std::find(other.begin(), other.end(), v) == other.end();
    });
  });
}

// A tuple's elements brought to one type; lists and sets as they are.
std::optional<Value> as_collection(const Value& v) {
  if (v.type().kind() != value::Kind::Tuple) return v;
  Result<Value> list = value::convert(v, Type::list(Type::dynamic()));
  if (!list) return std::nullopt;
  return std::move(list).value();
}

Value::List product(const std::vector<Value>& collections, size_t total) {
  Value::List tuples;
  tuples.reserve(total);
  for (size_t number = 0; number < total; ++number) {
    // The last collection moves fastest.
    Value::List row(collections.size());
    size_t rest = number;
    for (size_t i = collections.size(); i-- > 0;) {
      const Value::List& elements = collections[i].elements();
      row[i] = elements[rest % elements.size()];
      rest /= elements.size();
    }
    tuples.push_back(Value::tuple(std::move(row)));
  }
  return tuples;
}

Outcome set_product(Arguments arguments, CallContext&) {
  if (arguments.size() < 2) return fail("at least two arguments are required");
  std::vector<Value> collections;
  std::vector<Type> elements;
  bool any_set = false;
  size_t total = 1;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Type& type = arguments[i].type();
    if (!is_elements(type)) return fail_argument(i, "a set or a list is required");
    any_set = any_set || type.kind() == value::Kind::Set;
    const std::optional<Value> collection = as_collection(arguments[i]);
    if (!collection) return fail_argument(i, "all elements must be of the same type");
    const size_t size = collection->elements().size();
    if (size != 0 && total > kLargestProduct / size / arguments.size()) {
      return fail_too_many();
    }
    total *= size;
    elements.push_back(collection->type().element());
    collections.push_back(*collection);
  }
  Value::List tuples = product(collections, total);
  Type tuple = tuples.empty() ? Type::tuple(elements) : tuples.front().type();
  if (any_set) return Value::set(std::move(tuple), std::move(tuples));
  return Value::list(std::move(tuple), std::move(tuples));
}

}  // namespace

void add_set_functions(Table& table) {
  const Type any_set = Type::set(Type::dynamic());
  define(table,
         {"setunion",
          {{"first_set", any_set}},
          Parameter{"other_sets", any_set},
          any_set,
          "The elements of any of the sets."},
         set_union);
  define(table,
         {"setintersection",
          {{"first_set", any_set}},
          Parameter{"other_sets", any_set},
          any_set,
          "The elements that all sets have."},
         set_intersection);
  define(table,
         {"setproduct",
          {},
          any_parameter("sets"),
          Type::dynamic(),
          "All combinations of one element of each set or list."},
         set_product);
}

}  // namespace farm::functions
