// Expressions and bodies of HCL JSON over a Document: strings are templates, objects are blocks or
// objects as the schema says. Internal to this folder: parse_json_body() of hcl2/body.h leads here.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/template/hcl2/body.h"
#include "common/template/hcl2/expression.h"
#include "common/template/json/document.h"

namespace farm::json {

// Shared by the bodies and expressions that point into it.
using DocumentPtr = std::shared_ptr<const Document>;

/// A JSON value in expression position. Owner thread: whoever plans.
class JsonExpression final : public hcl2::Expression {
 public:
  JsonExpression(DocumentPtr document, const Node& node);
  /// An object's key: a template as well.
  JsonExpression(DocumentPtr document, std::string text, const Span& span);

  value::Value evaluate(const hcl2::EvalContext& context,
                        Diagnostics& diagnostics) const override;
  void references(std::vector<hcl2::Traversal>& into) const override;
  const SourceRange& range() const override { return range_; }
  std::optional<hcl2::Traversal> as_traversal() const override;
  std::optional<std::vector<const Expression*>> as_tuple() const override;
  std::optional<std::vector<std::pair<const Expression*, const Expression*>>> as_object()
      const override;
  std::optional<std::string> as_keyword() const override;
  std::optional<Call> as_call() const override;

 private:
  struct Item {
    std::unique_ptr<JsonExpression> key;
    std::unique_ptr<JsonExpression> value;
  };
  value::Value evaluate_string(const hcl2::EvalContext& context, Diagnostics& diagnostics) const;
  value::Value evaluate_object(const hcl2::EvalContext& context, Diagnostics& diagnostics) const;
  /// The string read as a template; parsed when first needed.
  const hcl2::Expression* as_template() const;
  /// The string read as a native expression ("list(string)"); null when it is none.
  const hcl2::Expression* as_native() const;
  SourcePosition string_start() const;

  DocumentPtr document_;
  NodeKind kind_;
  bool boolean_ = false;
  std::string text_;
  SourceRange range_;
  std::vector<std::unique_ptr<JsonExpression>> elements_;
  std::vector<Item> items_;
  mutable std::once_flag template_once_;
  mutable hcl2::ExpressionPtr template_;
  mutable Diagnostics template_problems_;
  mutable std::once_flag native_once_;
  mutable hcl2::ExpressionPtr native_;
};

}  // namespace farm::json
