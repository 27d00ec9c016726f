// Evaluation of references, steps, indexes and splats.
#include "common/template/hcl2/access.h"
#include "common/template/hcl2/budget.h"
#include "common/template/hcl2/syntax_tree.h"

namespace farm::hcl2 {
namespace {

using value::Kind;
using value::Type;
using value::Value;

Value report_unknown_variable(const std::string& name, const SourceRange& range,
                              const Scope& scope, Diagnostics& diagnostics) {
  const std::vector<std::string> names = scope.names();
  if (names.empty()) {
    diagnostics.error("Variables not allowed", "Variables may not be used here.", range);
    return Value::unknown();
  }
  const std::string near = nearest_name(name, names);
  diagnostics.error("Unknown variable", "There is no variable named \"" + name + "\".", range,
                    near.empty() ? "" : "Did you mean \"" + near + "\"?");
  return Value::unknown();
}

}  // namespace

std::optional<std::string> Literal::as_keyword() const {
  if (keyword_.empty()) return std::nullopt;
  return keyword_;
}

std::optional<std::string> Reference::as_keyword() const {
  if (!traversal_.steps.empty()) return std::nullopt;
  return traversal_.root;
}

Value Reference::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  if (!charge(context, 0, range_, diagnostics)) return Value::unknown();
  const Value* root = context.scope.find(traversal_.root);
  if (root == nullptr) {
    return report_unknown_variable(traversal_.root, range_, context.scope, diagnostics);
  }
  return follow(*root, traversal_.steps, diagnostics);
}

Value Steps::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  return follow(source_->evaluate(context, diagnostics), steps_, diagnostics);
}

std::optional<Traversal> Steps::as_traversal() const {
  auto traversal = source_->as_traversal();
  if (!traversal) return std::nullopt;
  traversal->steps.insert(traversal->steps.end(), steps_.begin(), steps_.end());
  traversal->range = range_;
  return traversal;
}

Value Index::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  const Value collection = collection_->evaluate(context, diagnostics);
  const Value key = key_->evaluate(context, diagnostics);
  return get_element(collection, key, key_->range(), diagnostics);
}

void Index::references(std::vector<Traversal>& into) const {
  collection_->references(into);
  key_->references(into);
}

Value SplatItem::evaluate(const EvalContext& context, Diagnostics&) const {
  const Value* item = context.scope.find(kSplatItem);
  return item == nullptr ? Value::unknown() : *item;
}

Value Splat::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  Value source = source_->evaluate(context, diagnostics);
  const bool sensitive = source.is_sensitive();
  const Kind kind = source.type().kind();
  const bool sequence = kind == Kind::List || kind == Kind::Set || kind == Kind::Tuple;
  if (source.is_null()) {
    if (!sequence) return Value::tuple({}).with_sensitive(sensitive);
    diagnostics.error("Splat of null value", "A splat (*) cannot be applied to a null sequence.",
                      source_->range());
    return Value::unknown();
  }
  // What is not known yet may be null, which gives no element, unless it is a sequence.
  if (!source.is_known() && !sequence) return Value::unknown().with_sensitive(sensitive);
  // Anything that is no sequence counts as a sequence of itself.
  if (!sequence) source = Value::tuple({source.with_sensitive(false)});
  Scope scope(&context.scope);
  const EvalContext inner{scope, context.functions, context.budget};
  const auto each = [&](const Value& element, Value::List& into) {
    if (!charge(context, sizeof(Value), range_, diagnostics)) return false;
    scope.set(kSplatItem, element);
    const size_t errors = diagnostics.size();
    into.push_back(each_->evaluate(inner, diagnostics));
    return diagnostics.size() == errors || !diagnostics.has_errors();
  };
  Value::List results;
  const bool list = kind == Kind::List || kind == Kind::Set;
  if (list && (!source.is_known() || source.size() == 0)) {
    // Without an element, one that is not known says of which type the results would be.
    Value::List sample;
    if (!each(Value::unknown(source.type().element()), sample)) return Value::unknown();
    const Type type = sample[0].type();
    const Value none = source.is_known() ? Value::list(type, {}) : Value::unknown(Type::list(type));
    return none.with_sensitive(sensitive);
  }
  if (!source.is_known()) {
    for (const Type& type : source.type().elements()) {
      if (!each(Value::unknown(type), results)) return Value::unknown();
    }
    return Value::unknown(Value::tuple(std::move(results)).type()).with_sensitive(sensitive);
  }
  for (const Value& element : source.elements()) {
    if (!each(element, results)) return Value::unknown();
  }
  Value result = Value::tuple(std::move(results));
  if (list) {
    const auto converted = value::convert(result, Type::list(Type::dynamic()));
    if (converted) result = *converted;
  }
  return sensitive ? result.with_sensitive() : result;
}

void Splat::references(std::vector<Traversal>& into) const {
  source_->references(into);
  each_->references(into);
}

}  // namespace farm::hcl2
