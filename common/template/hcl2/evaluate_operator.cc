// Evaluation of operators and conditionals.
#include "common/template/hcl2/budget.h"
#include "common/template/hcl2/syntax_tree.h"

namespace farm::hcl2 {
namespace {

using value::Kind;
using value::Number;
using value::Type;
using value::Value;

enum class Side { Left, Right, Only };

const char* side_name(Side side) {
  switch (side) {
    case Side::Left: return "left";
    case Side::Right: return "right";
    default: return "unary";
  }
}

bool is_logical(Operator op) { return op == Operator::And || op == Operator::Or; }

Type result_type(Operator op) {
  const bool arithmetic = op == Operator::Add || op == Operator::Subtract ||
                          op == Operator::Multiply || op == Operator::Divide ||
                          op == Operator::Remainder || op == Operator::Negate;
  return arithmetic ? Type::number() : Type::boolean();
}

// The operand as `type`, which may be null; empty after an error.
std::optional<Value> operand(const Value& v, const Type& type, Side side,
                             const SourceRange& range, Diagnostics& diagnostics) {
  if (v.type() == type) return v;
  auto converted = value::convert(v, type);
  if (converted) return *std::move(converted);
  diagnostics.error("Invalid operand",
                    std::string("Unsuitable value for ") + side_name(side) + " operand: " +
                        converted.error().message + ".",
                    range);
  return std::nullopt;
}

bool not_null(const Value& v, const SourceRange& range, Diagnostics& diagnostics) {
  if (!v.is_null()) return true;
  diagnostics.error("Operation failed", "Error during operation: argument must not be null.",
                    range);
  return false;
}

Value arithmetic(Operator op, const Number& a, const Number& b, const SourceRange& range,
                 Diagnostics& diagnostics) {
  switch (op) {
    case Operator::Add: {
      const bool no_sum = a.is_infinite() && b.is_infinite() && a.sign() != b.sign();
      if (!no_sum) return Value::number(a + b);
      break;
    }
    case Operator::Subtract: {
      const bool no_difference = a.is_infinite() && b.is_infinite() && a.sign() == b.sign();
      if (!no_difference) return Value::number(a - b);
      break;
    }
    case Operator::Multiply: {
      const bool no_product = (a.is_infinite() && b.sign() == 0) ||
                              (b.is_infinite() && a.sign() == 0);
      if (!no_product) return Value::number(a * b);
      break;
    }
    case Operator::Less: return Value::boolean(a < b);
    case Operator::LessEqual: return Value::boolean(a <= b);
    case Operator::Greater: return Value::boolean(a > b);
    case Operator::GreaterEqual: return Value::boolean(a >= b);
    default: {
      const auto quotient = op == Operator::Divide ? Number::divide(a, b)
                                                   : Number::remainder(a, b);
      if (quotient) return Value::number(*quotient);
      diagnostics.error("Operation failed", "Error during operation: " +
                                                quotient.error().message + ".",
                        range);
      return Value::unknown(Type::number());
    }
  }
  diagnostics.error("Operation failed",
                    "Error during operation: infinities have no such result.", range);
  return Value::unknown(Type::number());
}

std::optional<bool> equal(const Value& a, const Value& b);

// Whether all pairs are equal: one unequal pair decides, whatever is unknown elsewhere.
class AllEqual {
 public:
  bool go_on(const Value& a, const Value& b) {
    const std::optional<bool> same = equal(a, b);
    if (!same) known_ = false;
    else if (!*same) unequal_ = true;
    return !unequal_;
  }
  std::optional<bool> result() const {
    if (unequal_) return false;
    return known_ ? std::optional(true) : std::nullopt;
  }

 private:
  bool unequal_ = false;
  bool known_ = true;
};

std::optional<bool> equal_parts(const Value& a, const Value& b) {
  AllEqual all;
  if (a.type().kind() == Kind::Map || a.type().kind() == Kind::Object) {
    if (a.size() != b.size()) return false;
    for (const auto& [key, element] : a.entries()) {
      const Value* other = b.get(key);
      if (other == nullptr) return false;
      if (!all.go_on(element, *other)) break;
    }
    return all.result();
  }
  if (a.type().kind() == Kind::Set) return std::nullopt;  // unknown elements have no place in it
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size() && all.go_on(a.elements()[i], b.elements()[i]); ++i) {
  }
  return all.result();
}

// Equality as far as it is known; empty when something unknown decides it.
std::optional<bool> equal(const Value& a, const Value& b) {
  const Type& left = a.type();
  const Type& right = b.type();
  if (!a.is_known() && !b.is_known()) return std::nullopt;
  if (!a.is_known() || !b.is_known()) {
    const bool may_be_null = a.is_null() || b.is_null();
    const Type& open = a.is_known() ? right : left;
    if (may_be_null || open.has_dynamic() || left == right) return std::nullopt;
    return false;
  }
  if (a.is_wholly_known() && b.is_wholly_known()) return a == b;
  if (a.is_null() || b.is_null() || left.kind() != right.kind()) return false;
  if (!left.has_dynamic() && !right.has_dynamic() && !(left == right)) return false;
  return equal_parts(a, b);
}

Value equality(Operator op, const Value& a, const Value& b) {
  const std::optional<bool> same = equal(a, b);
  if (!same) return Value::unknown(Type::boolean());
  return Value::boolean(*same == (op == Operator::Equal));
}

}  // namespace

Value Unary::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  const Value given = operand_->evaluate(context, diagnostics);
  const Type type = result_type(operator_);
  const auto v = operand(given, type, Side::Only, operand_->range(), diagnostics);
  if (!v || !not_null(*v, operand_->range(), diagnostics)) return Value::unknown(type);
  if (!v->is_known()) return *v;
  const Value result = operator_ == Operator::Negate ? Value::number(-v->as_number())
                                                     : Value::boolean(!v->as_bool());
  return v->is_sensitive() ? result.with_sensitive() : result;
}

// Left-associative chains are deep to the left: they are walked in a loop, not by recursion.
Value Binary::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  std::vector<const Binary*> chain{this};
  while (const auto* left = dynamic_cast<const Binary*>(chain.back()->left_.get())) {
    chain.push_back(left);
  }
  Value result = chain.back()->left_->evaluate(context, diagnostics);
  for (auto node = chain.rbegin(); node != chain.rend(); ++node) {
    if (!charge(context, 0, range_, diagnostics)) return Value::unknown();
    result = (*node)->apply(std::move(result), context, diagnostics);
  }
  return result;
}

Value Binary::apply(Value left, const EvalContext& context, Diagnostics& diagnostics) const {
  const Type type = result_type(operator_);
  if (operator_ == Operator::Equal || operator_ == Operator::NotEqual) {
    const Value right = right_->evaluate(context, diagnostics);
    const Value result = equality(operator_, left, right);
    return left.has_sensitive() || right.has_sensitive() ? result.with_sensitive() : result;
  }
  const Type wanted = is_logical(operator_) ? Type::boolean() : Type::number();
  const auto a = operand(left, wanted, Side::Left, left_->range(), diagnostics);
  const bool decided = a && is_logical(operator_) && a->is_known() && !a->is_null() &&
                       a->as_bool() == (operator_ == Operator::Or);
  if (decided) return *a;  // the right operand does not matter, nor do its errors
  const Value given = right_->evaluate(context, diagnostics);
  const auto b = operand(given, wanted, Side::Right, right_->range(), diagnostics);
  if (!a || !b || !not_null(*a, left_->range(), diagnostics) ||
      !not_null(*b, right_->range(), diagnostics)) {
    return Value::unknown(type);
  }
  const bool sensitive = a->is_sensitive() || b->is_sensitive();
  Value result = Value::unknown(type);
  if (is_logical(operator_)) {
    const bool right_decides = b->is_known() && b->as_bool() == (operator_ == Operator::Or);
    if (right_decides || a->is_known()) result = b->with_sensitive(false);
  } else if (a->is_known() && b->is_known()) {
    result = arithmetic(operator_, a->as_number(), b->as_number(), range_, diagnostics);
  }
  return sensitive ? result.with_sensitive() : result;
}

void Binary::references(std::vector<Traversal>& into) const {
  left_->references(into);
  right_->references(into);
}

namespace {

// The type of the result of a conditional with these branches; empty after an error.
std::optional<Type> branch_type(const Value& yes, const Value& no, const SourceRange& range,
                                Diagnostics& diagnostics) {
  if (yes.type() == no.type()) return yes.type();
  if (yes.is_null() && yes.type().is_dynamic()) return no.type();
  if (no.is_null() && no.type().is_dynamic()) return yes.type();
  if (yes.type().is_dynamic() || no.type().is_dynamic()) return Type::dynamic();
  auto unified = value::unify({yes.type(), no.type()});
  if (unified) return unified;
  diagnostics.error("Inconsistent conditional result types",
                    "The true and false result expressions must have consistent types. The given "
                    "expressions are " +
                        yes.type().friendly() + " and " + no.type().friendly() +
                        ", respectively.",
                    range);
  return std::nullopt;
}

}  // namespace

Value Conditional::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  const Value given = condition_->evaluate(context, diagnostics);
  Diagnostics yes_errors;
  Diagnostics no_errors;
  const Value yes = yes_->evaluate(context, yes_errors);
  const Value no = no_->evaluate(context, no_errors);
  if (given.is_null()) {
    diagnostics.error("Null condition",
                      "The condition value is null. Conditions must either be true or false.",
                      condition_->range());
    return Value::unknown();
  }
  // A branch that failed has no type to agree with.
  const bool comparable = !yes_errors.has_errors() && !no_errors.has_errors();
  std::optional<Type> type = Type::dynamic();
  if (comparable) type = branch_type(yes, no, range_, diagnostics);
  if (!type) return Value::unknown();
  if (!given.is_known()) {
    return Value::unknown(*type).with_sensitive(given.is_sensitive() || yes.has_sensitive() ||
                                                no.has_sensitive());
  }
  const auto condition = value::convert(given, Type::boolean());
  if (!condition) {
    diagnostics.error("Incorrect condition type", "The condition expression must be of type bool.",
                      condition_->range());
    return Value::unknown(*type);
  }
  const bool taken = condition->as_bool();
  diagnostics.append(taken ? std::move(yes_errors) : std::move(no_errors));
  const auto result = value::convert(taken ? yes : no, *type);
  if (!result) {
    diagnostics.error("Inconsistent conditional result types",
                      std::string("The ") + (taken ? "true" : "false") +
                          " result value has the wrong type: " + result.error().message + ".",
                      (taken ? yes_ : no_)->range());
    return Value::unknown(*type);
  }
  return condition->is_sensitive() ? result->with_sensitive() : *result;
}

void Conditional::references(std::vector<Traversal>& into) const {
  condition_->references(into);
  yes_->references(into);
  no_->references(into);
}

}  // namespace farm::hcl2
