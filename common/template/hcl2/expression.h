// Expression: a parsed expression of either syntax (native HCL2 or HCL JSON). evaluate() reports
// problems with their places and then yields an unknown value, so that the caller can go on.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/base/diagnostic.h"
#include "common/template/functions/function.h"
#include "common/value/value.h"

namespace farm::hcl2 {

/// Variables by root name (var, local, source, build, an iterator...), innermost scope first.
class Scope {
 public:
  Scope() = default;
  explicit Scope(const Scope* parent) : parent_(parent) {}
  void set(std::string name, value::Value v) { variables_[std::move(name)] = std::move(v); }
  const value::Value* find(const std::string& name) const {
    const auto found = variables_.find(name);
    if (found != variables_.end()) return &found->second;
    return parent_ == nullptr ? nullptr : parent_->find(name);
  }
  const Scope* parent() const { return parent_; }
  const std::map<std::string, value::Value>& variables() const { return variables_; }
  /// Names visible here, for did-you-mean.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, value::Value> variables_;
  const Scope* parent_ = nullptr;
};

/// Bounds the work of evaluating foreign templates; one per plan, shared by all expressions.
struct Budget {
  uint64_t steps = 50'000'000;          // expression nodes and loop rounds
  uint64_t bytes = 512ULL << 20;        // bytes of strings and elements made
  int depth = 0;
  static constexpr int kMaxDepth = 256;
};

struct EvalContext {
  const Scope& scope;
  functions::CallContext& functions;
  Budget& budget;
};

/// One step of a traversal: `.name` or `[key]` with a constant key.
struct TraversalStep {
  std::variant<std::string, value::Value> key;  // attribute name | index value
  SourceRange range;
};
/// `root.a.b[0]`: a reference to a variable.
struct Traversal {
  std::string root;
  std::vector<TraversalStep> steps;
  SourceRange range;
  std::string str() const;
};

class Expression {
 public:
  virtual ~Expression() = default;
  virtual value::Value evaluate(const EvalContext& context, Diagnostics& diagnostics) const = 0;
  /// Every reference in the expression, with names bound by `for` left out.
  virtual void references(std::vector<Traversal>& into) const = 0;
  virtual const SourceRange& range() const = 0;
  /// The expression as one traversal (e.g. `source.qemu.base`), when it is one.
  virtual std::optional<Traversal> as_traversal() const { return std::nullopt; }
  /// The items when it is a tuple constructor `[a, b]`: for `sources = [...]`.
  virtual std::optional<std::vector<const Expression*>> as_tuple() const { return std::nullopt; }
  /// The (key, value) expressions when it is an object constructor.
  virtual std::optional<std::vector<std::pair<const Expression*, const Expression*>>> as_object()
      const {
    return std::nullopt;
  }
  /// The name when the expression is a bare keyword (`string`, `any`): for type constraints.
  virtual std::optional<std::string> as_keyword() const { return std::nullopt; }
  /// Name and arguments when it is a call: for type constraints `list(string)`.
  struct Call {
    std::string name;
    SourceRange name_range;
    std::vector<const Expression*> arguments;
  };
  virtual std::optional<Call> as_call() const { return std::nullopt; }
};
// Shared by the AST and by late bodies that keep an expression beyond the file's life.
using ExpressionPtr = std::shared_ptr<const Expression>;

/// A type constraint (`list(object({a=string, b=optional(number, 3)}))`). `defaults` receives the
/// values of optional(T, default) as a function of the decoded value.
struct TypeConstraint {
  value::Type type;
  struct Defaults;
  // Shared by copies of the constraint; null when there are none.
  std::shared_ptr<const Defaults> defaults;
  /// Fills in the defaults of missing optional attributes; called before conversion.
  value::Value apply_defaults(const value::Value& v) const;
};
TypeConstraint decode_type(const Expression& expression, Diagnostics& diagnostics);

}  // namespace farm::hcl2
