// Expressions and bodies of HCL JSON over a Document: strings are templates, objects are blocks or
// objects as the schema says. Internal to this folder: parse_json_body() of hcl2/body.h leads here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/template/hcl2/body.h"
#include "common/template/hcl2/expression.h"
#include "common/template/json/document.h"

namespace farm::json {

// Shared by the bodies and expressions that point into it.
using DocumentPtr = std::shared_ptr<const Document>;

/// A JSON value in expression position. What is inside is read from the document when it is needed:
/// variable files are large, and few of their strings are templates. Owner thread: whoever plans.
class JsonExpression final : public hcl2::Expression {
 public:
  /// `node` is a part of `document`.
  JsonExpression(DocumentPtr document, const Node& node);
  /// An object's key: a template as well.
  JsonExpression(DocumentPtr document, const std::string& text, const Span& span);
  JsonExpression(const JsonExpression&) = delete;
  JsonExpression& operator=(const JsonExpression&) = delete;

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
  const Node& node() const { return *node_; }

 private:
  struct Item {
    std::unique_ptr<JsonExpression> key;
    std::unique_ptr<JsonExpression> value;
  };
  /// The string read as a native expression ("list(string)"); null when it is none.
  const hcl2::Expression* as_native() const;

  DocumentPtr document_;
  Node own_;          // of a key, which is no node of the document
  const Node* node_;  // in the document, or own_
  SourceRange range_;
  // Made when first asked for.
  mutable std::vector<std::unique_ptr<JsonExpression>> elements_;
  mutable std::vector<Item> items_;
  mutable bool native_read_ = false;
  mutable hcl2::ExpressionPtr native_;
};

}  // namespace farm::json
