// Syntax tree of native expressions: one class per construct, made by the parser, immutable. What
// each evaluates to is in the evaluate_*.cc files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/template/hcl2/expression.h"

namespace farm::hcl2 {

/// Name under which a splat's current element stands in the scope; no identifier.
inline constexpr const char* kSplatItem = "*";

class Node : public Expression {
 public:
  explicit Node(SourceRange range) : range_(std::move(range)) {}
  const SourceRange& range() const override { return range_; }

 protected:
  SourceRange range_;
};

class Literal : public Node {
 public:
  Literal(SourceRange range, value::Value v, std::string keyword = {})
      : Node(std::move(range)), value_(std::move(v)), keyword_(std::move(keyword)) {}
  value::Value evaluate(const EvalContext&, Diagnostics&) const override { return value_; }
  void references(std::vector<Traversal>&) const override {}
  std::optional<std::string> as_keyword() const override;
  const value::Value& value() const { return value_; }

 private:
  value::Value value_;
  std::string keyword_;  // true, false, null; empty for others
};

/// Parts joined to a string.
class Template : public Node {
 public:
  Template(SourceRange range, std::vector<ExpressionPtr> parts)
      : Node(std::move(range)), parts_(std::move(parts)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;

 private:
  std::vector<ExpressionPtr> parts_;
};

/// Parentheses, and a template that is one interpolation: the inner value as it is.
class Wrapped : public Node {
 public:
  enum class By { Parentheses, Interpolation };
  Wrapped(SourceRange range, ExpressionPtr inner, By by)
      : Node(std::move(range)), inner_(std::move(inner)), by_(by) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override { inner_->references(into); }
  By by() const { return by_; }

 private:
  ExpressionPtr inner_;
  By by_;
};

/// `%{ for }`: the rounds' texts joined.
class TemplateJoin : public Node {
 public:
  TemplateJoin(SourceRange range, ExpressionPtr tuple)
      : Node(std::move(range)), tuple_(std::move(tuple)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override { tuple_->references(into); }

 private:
  ExpressionPtr tuple_;
};

enum class Operator {
  Or, And, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual,
  Add, Subtract, Multiply, Divide, Remainder, Negate, Not,
};

class Unary : public Node {
 public:
  Unary(SourceRange range, Operator op, ExpressionPtr operand)
      : Node(std::move(range)), operator_(op), operand_(std::move(operand)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override { operand_->references(into); }

 private:
  Operator operator_;
  ExpressionPtr operand_;
};

class Binary : public Node {
 public:
  Binary(SourceRange range, Operator op, ExpressionPtr left, ExpressionPtr right)
      : Node(std::move(range)), operator_(op), left_(std::move(left)), right_(std::move(right)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;

 private:
  value::Value apply(value::Value left, const EvalContext& context,
                     Diagnostics& diagnostics) const;
  Operator operator_;
  ExpressionPtr left_;
  ExpressionPtr right_;
};

class Conditional : public Node {
 public:
  Conditional(SourceRange range, ExpressionPtr condition, ExpressionPtr yes, ExpressionPtr no)
      : Node(std::move(range)), condition_(std::move(condition)), yes_(std::move(yes)),
        no_(std::move(no)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;

 private:
  ExpressionPtr condition_;
  ExpressionPtr yes_;
  ExpressionPtr no_;
};

/// `a.b[0]`: a variable and constant steps.
class Reference : public Node {
 public:
  explicit Reference(Traversal traversal)
      : Node(traversal.range), traversal_(std::move(traversal)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override { into.push_back(traversal_); }
  std::optional<Traversal> as_traversal() const override { return traversal_; }
  std::optional<std::string> as_keyword() const override;

 private:
  Traversal traversal_;
};

/// Constant steps from any expression: `f(x).b[0]`.
class Steps : public Node {
 public:
  Steps(SourceRange range, ExpressionPtr source, std::vector<TraversalStep> steps)
      : Node(std::move(range)), source_(std::move(source)), steps_(std::move(steps)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override { source_->references(into); }
  std::optional<Traversal> as_traversal() const override;

 private:
  ExpressionPtr source_;
  std::vector<TraversalStep> steps_;
};

/// `a[key]` with a computed key.
class Index : public Node {
 public:
  Index(SourceRange range, ExpressionPtr collection, ExpressionPtr key)
      : Node(std::move(range)), collection_(std::move(collection)), key_(std::move(key)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;

 private:
  ExpressionPtr collection_;
  ExpressionPtr key_;
};

/// The current element inside a splat.
class SplatItem : public Node {
 public:
  using Node::Node;
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>&) const override {}
};

/// `source[*].each` and `source.*.each`.
class Splat : public Node {
 public:
  Splat(SourceRange range, ExpressionPtr source, ExpressionPtr each)
      : Node(std::move(range)), source_(std::move(source)), each_(std::move(each)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;

 private:
  ExpressionPtr source_;
  ExpressionPtr each_;
};

class TupleConstructor : public Node {
 public:
  TupleConstructor(SourceRange range, std::vector<ExpressionPtr> items)
      : Node(std::move(range)), items_(std::move(items)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;
  std::optional<std::vector<const Expression*>> as_tuple() const override;

 private:
  std::vector<ExpressionPtr> items_;
};

/// Key of an object constructor: a bare word is a string, not a reference.
class ObjectKey : public Node {
 public:
  ObjectKey(SourceRange range, ExpressionPtr inner)
      : Node(std::move(range)), inner_(std::move(inner)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;
  std::optional<std::string> as_keyword() const override { return inner_->as_keyword(); }

 private:
  ExpressionPtr inner_;
};

class ObjectConstructor : public Node {
 public:
  using Item = std::pair<ExpressionPtr, ExpressionPtr>;
  ObjectConstructor(SourceRange range, std::vector<Item> items)
      : Node(std::move(range)), items_(std::move(items)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;
  std::optional<std::vector<std::pair<const Expression*, const Expression*>>> as_object()
      const override;

 private:
  std::vector<Item> items_;
};

/// What is written in a `for` expression.
struct ForParts {
  std::string key_name;  // empty when only the element is named
  std::string value_name;
  ExpressionPtr collection;
  ExpressionPtr key;        // null: the result is a tuple
  ExpressionPtr value;
  ExpressionPtr condition;  // null: every element
  bool group = false;
};

class For : public Node {
 public:
  For(SourceRange range, ForParts parts) : Node(std::move(range)), parts_(std::move(parts)) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;

 private:
  struct Rounds;
  bool round(Rounds& rounds, const EvalContext& inner, Diagnostics& diagnostics) const;
  bool put_pair(Rounds& rounds, const EvalContext& inner, Diagnostics& diagnostics) const;
  ForParts parts_;
};

class FunctionCall : public Node {
 public:
  FunctionCall(SourceRange range, std::string name, SourceRange name_range,
               std::vector<ExpressionPtr> arguments, bool expand_last)
      : Node(std::move(range)), name_(std::move(name)), name_range_(std::move(name_range)),
        arguments_(std::move(arguments)), expand_last_(expand_last) {}
  value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const override;
  void references(std::vector<Traversal>& into) const override;
  std::optional<Call> as_call() const override;

 private:
  struct Evaluated;
  bool evaluate_arguments(const EvalContext& context, Diagnostics& diagnostics,
                          Evaluated& into) const;
  bool expand(const value::Value& last, Diagnostics& diagnostics, Evaluated& into) const;
  bool count_fits(const functions::Function& function, size_t count,
                  Diagnostics& diagnostics) const;
  bool convert_arguments(const functions::Function& function, Diagnostics& diagnostics,
                         Evaluated& into) const;
  value::Value call(const functions::Function& function, const Evaluated& arguments,
                    const EvalContext& context, Diagnostics& diagnostics) const;
  value::Value evaluate_try(const EvalContext& context, Diagnostics& diagnostics) const;
  value::Value evaluate_can(const EvalContext& context, Diagnostics& diagnostics) const;
  value::Value evaluate_convert(const EvalContext& context, Diagnostics& diagnostics) const;

  std::string name_;
  SourceRange name_range_;
  std::vector<ExpressionPtr> arguments_;
  bool expand_last_;
};

}  // namespace farm::hcl2
