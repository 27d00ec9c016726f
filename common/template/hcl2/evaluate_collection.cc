// Evaluation of tuple and object constructors and `for` expressions.
#include "common/template/hcl2/budget.h"
#include "common/template/hcl2/syntax_tree.h"

namespace farm::hcl2 {

using value::Kind;
using value::Type;
using value::Value;

Value TupleConstructor::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  Value::List elements;
  elements.reserve(items_.size());
  for (const ExpressionPtr& item : items_) {
    if (!charge(context, sizeof(Value), range_, diagnostics)) return Value::unknown();
    elements.push_back(item->evaluate(context, diagnostics));
  }
  Value v = Value::tuple(std::move(elements));
  return shallow_enough(v, range_, diagnostics) ? v : Value::unknown();
}

void TupleConstructor::references(std::vector<Traversal>& into) const {
  for (const ExpressionPtr& item : items_) item->references(into);
}

std::optional<std::vector<const Expression*>> TupleConstructor::as_tuple() const {
  std::vector<const Expression*> items;
  for (const ExpressionPtr& item : items_) items.push_back(item.get());
  return items;
}

Value ObjectKey::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  if (const auto word = inner_->as_keyword()) return Value::string(*word);
  return inner_->evaluate(context, diagnostics);
}

void ObjectKey::references(std::vector<Traversal>& into) const {
  if (!inner_->as_keyword()) inner_->references(into);
}

namespace {

constexpr const char* kObjectItem = "Incorrect key type";

// The key as text; empty when it is an error (reported) or not known yet (`known` turns false).
std::optional<std::string> key_text(const Value& key, const SourceRange& range, const char* what,
                                    bool& known, Diagnostics& diagnostics) {
  if (key.is_null()) {
    diagnostics.error(what == kObjectItem ? "Null value as key" : what,
                      "Can't use a null value as a key.", range);
    return std::nullopt;
  }
  if (!key.is_known()) {
    known = false;
    return std::nullopt;
  }
  const auto text = value::convert(key, Type::string());
  if (!text) {
    diagnostics.error(what, "Can't use this value as a key: " + text.error().message + ".",
                      range);
    return std::nullopt;
  }
  return text->as_string();
}

}  // namespace

Value ObjectConstructor::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  Value::Map attributes;
  bool known = true;
  bool failed = false;
  bool sensitive = false;
  for (const auto& [key_expression, value_expression] : items_) {
    const Value key = key_expression->evaluate(context, diagnostics);
    Value v = value_expression->evaluate(context, diagnostics);
    sensitive = sensitive || key.is_sensitive();
    const bool was_known = known;
    auto name = key_text(key, key_expression->range(), kObjectItem, known, diagnostics);
    if (!name) {
      failed = failed || known == was_known;
      continue;
    }
    if (!charge(context, sizeof(Value) + name->size(), range_, diagnostics)) {
      return Value::unknown();
    }
    attributes.insert_or_assign(*std::move(name), std::move(v));
  }
  if (!known || failed) return Value::unknown().with_sensitive(sensitive);
  const Value v = Value::object(std::move(attributes));
  if (!shallow_enough(v, range_, diagnostics)) return Value::unknown();
  return sensitive ? v.with_sensitive() : v;
}

void ObjectConstructor::references(std::vector<Traversal>& into) const {
  for (const auto& [key, v] : items_) {
    key->references(into);
    v->references(into);
  }
}

std::optional<std::vector<std::pair<const Expression*, const Expression*>>>
ObjectConstructor::as_object() const {
  std::vector<std::pair<const Expression*, const Expression*>> items;
  for (const auto& [key, v] : items_) items.emplace_back(key.get(), v.get());
  return items;
}

// What a `for` has gathered so far.
struct For::Rounds {
  Value::List elements;
  Value::Map entries;
  std::map<std::string, Value::List> groups;
  bool known = true;
  bool sensitive = false;
};

Value For::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  const Value collection = parts_.collection->evaluate(context, diagnostics);
  const SourceRange& where = parts_.collection->range();
  if (collection.is_null()) {
    diagnostics.error("Iteration over null value",
                      "A null value cannot be used as the collection in a 'for' expression.",
                      where);
    return Value::unknown();
  }
  if (collection.type().is_primitive()) {
    diagnostics.error("Iteration over non-iterable value",
                      "A value of type " + collection.type().friendly() +
                          " cannot be used as the collection in a 'for' expression.",
                      where);
    return Value::unknown();
  }
  Rounds rounds;
  rounds.sensitive = collection.is_sensitive();
  if (!collection.is_known()) return Value::unknown().with_sensitive(rounds.sensitive);

  Scope scope(&context.scope);
  const EvalContext inner{scope, context.functions, context.budget};
  const auto bind = [&](const Value& key, const Value& element) {
    if (!parts_.key_name.empty()) scope.set(parts_.key_name, key);
    scope.set(parts_.value_name, element);
    return round(rounds, inner, diagnostics);
  };
  const Kind kind = collection.type().kind();
  if (kind == Kind::Map || kind == Kind::Object) {
    for (const auto& [key, element] : collection.entries()) {
      if (!bind(Value::string(key), element)) return Value::unknown();
    }
  } else {
    int64_t index = 0;
    for (const Value& element : collection.elements()) {
      const Value key = kind == Kind::Set ? element : Value::number(index++);
      if (!bind(key, element)) return Value::unknown();
    }
  }
  if (!rounds.known) return Value::unknown().with_sensitive(rounds.sensitive);
  for (auto& [key, group] : rounds.groups) {
    rounds.entries.emplace(key, Value::tuple(std::move(group)));
  }
  const Value result = parts_.key == nullptr ? Value::tuple(std::move(rounds.elements))
                                             : Value::object(std::move(rounds.entries));
  if (!shallow_enough(result, range_, diagnostics)) return Value::unknown();
  return rounds.sensitive ? result.with_sensitive() : result;
}

// One element, bound in `inner`; false after an error.
bool For::round(Rounds& rounds, const EvalContext& inner, Diagnostics& diagnostics) const {
  if (!charge(inner, sizeof(Value), range_, diagnostics)) return false;
  if (parts_.condition != nullptr) {
    const Value given = parts_.condition->evaluate(inner, diagnostics);
    const SourceRange& where = parts_.condition->range();
    if (given.is_null()) {
      diagnostics.error("Condition is null", "The value of the 'if' clause must not be null.",
                        where);
      return false;
    }
    const auto condition = value::convert(given, Type::boolean());
    if (!condition) {
      diagnostics.error("Invalid 'for' condition",
                        "The 'if' clause value is invalid: " + condition.error().message + ".",
                        where);
      return false;
    }
    rounds.sensitive = rounds.sensitive || condition->is_sensitive();
    if (!condition->is_known()) {
      rounds.known = false;
      return !diagnostics.has_errors();
    }
    if (!condition->as_bool()) return true;
  }
  if (parts_.key != nullptr) return put_pair(rounds, inner, diagnostics);
  const size_t before = diagnostics.size();
  rounds.elements.push_back(parts_.value->evaluate(inner, diagnostics));
  // One broken element is enough: the others are broken for the same reason.
  return diagnostics.size() == before || !diagnostics.has_errors();
}

bool For::put_pair(Rounds& rounds, const EvalContext& inner, Diagnostics& diagnostics) const {
  const size_t before = diagnostics.size();
  const Value key = parts_.key->evaluate(inner, diagnostics);
  Value v = parts_.value->evaluate(inner, diagnostics);
  if (diagnostics.size() > before && diagnostics.has_errors()) return false;
  rounds.sensitive = rounds.sensitive || key.is_sensitive();
  bool known = true;
  auto name = key_text(key, parts_.key->range(), "Invalid object key", known, diagnostics);
  if (!known) {
    rounds.known = false;
    return true;
  }
  if (!name) return false;
  if (!charge(inner, name->size(), range_, diagnostics)) return false;
  if (parts_.group) {
    rounds.groups[*std::move(name)].push_back(std::move(v));
    return true;
  }
  const auto [entry, added] = rounds.entries.emplace(*std::move(name), std::move(v));
  if (added) return true;
  diagnostics.error("Duplicate object key",
                    "Two different items produced the key \"" + entry->first +
                        "\" in this 'for' expression.",
                    parts_.key->range(),
                    "If duplicates are expected, put an ellipsis (...) after the value to group "
                    "by key.");
  return false;
}

void For::references(std::vector<Traversal>& into) const {
  parts_.collection->references(into);
  std::vector<Traversal> inside;
  for (const ExpressionPtr& part : {parts_.key, parts_.value, parts_.condition}) {
    if (part != nullptr) part->references(inside);
  }
  for (Traversal& reference : inside) {
    const bool bound = reference.root == parts_.value_name || reference.root == parts_.key_name;
    if (!bound) into.push_back(std::move(reference));
  }
}

}  // namespace farm::hcl2
