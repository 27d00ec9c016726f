#include "common/template/json/hcl_expression.h"

#include "common/template/json/node_value.h"

namespace farm::json {

using value::Value;

JsonExpression::JsonExpression(DocumentPtr document, const Node& node)
    : document_(std::move(document)), node_(&node), range_(document_->range(node.span)) {}

JsonExpression::JsonExpression(DocumentPtr document, const std::string& text, const Span& span)
    : document_(std::move(document)),
      own_(Node::string(text, span)),
      node_(&own_),
      range_(document_->range(span)) {}

const hcl2::Expression* JsonExpression::as_native() const {
  if (!node_->is_string()) return nullptr;
  if (!native_read_) {
    native_read_ = true;
    Diagnostics problems;
    native_ =
        hcl2::parse_expression(node_->text, range_.file, problems, inside_quotes(node_->span));
    if (problems.has_errors()) native_.reset();
  }
  return native_.get();
}

Value JsonExpression::evaluate(const hcl2::EvalContext& context, Diagnostics& diagnostics) const {
  return NodeEvaluator(document_->file, &context, diagnostics).value_of(*node_);
}

void JsonExpression::references(std::vector<hcl2::Traversal>& into) const {
  each_template(*node_, [&](const std::string& text, SourcePosition start) {
    Diagnostics problems;
    const hcl2::ExpressionPtr parsed =
        hcl2::parse_template(text, document_->file, problems, start);
    if (parsed != nullptr) parsed->references(into);
  });
}

std::optional<hcl2::Traversal> JsonExpression::as_traversal() const {
  const hcl2::Expression* native = as_native();
  return native == nullptr ? std::nullopt : native->as_traversal();
}

std::optional<std::string> JsonExpression::as_keyword() const {
  const hcl2::Expression* native = as_native();
  return native == nullptr ? std::nullopt : native->as_keyword();
}

std::optional<hcl2::Expression::Call> JsonExpression::as_call() const {
  const hcl2::Expression* native = as_native();
  return native == nullptr ? std::nullopt : native->as_call();
}

std::optional<std::vector<const hcl2::Expression*>> JsonExpression::as_tuple() const {
  if (!node_->is_array()) return std::nullopt;
  for (size_t i = elements_.size(); i < node_->elements.size(); ++i) {
    elements_.push_back(std::make_unique<JsonExpression>(document_, node_->elements[i]));
  }
  std::vector<const Expression*> elements;
  for (const auto& element : elements_) elements.push_back(element.get());
  return elements;
}

std::optional<std::vector<std::pair<const hcl2::Expression*, const hcl2::Expression*>>>
JsonExpression::as_object() const {
  if (!node_->is_object()) return std::nullopt;
  for (size_t i = items_.size(); i < node_->members.size(); ++i) {
    const Member& member = node_->members[i];
    items_.push_back({std::make_unique<JsonExpression>(document_, member.key, member.key_span),
                      std::make_unique<JsonExpression>(document_, member.value)});
  }
  std::vector<std::pair<const Expression*, const Expression*>> items;
  for (const Item& item : items_) items.emplace_back(item.key.get(), item.value.get());
  return items;
}

}  // namespace farm::json
