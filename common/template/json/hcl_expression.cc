#include "common/template/json/hcl_expression.h"

#include <algorithm>

#include <fmt/format.h>

namespace farm::json {

using value::Value;

namespace {

// Only then is there more to a string than its text.
bool is_template(const std::string& text) {
  return text.find("${") != std::string::npos || text.find("%{") != std::string::npos;
}

SourcePosition inside_quotes(const Span& span) {
  SourcePosition start = span.start;
  ++start.byte;
  ++start.column;
  return start;
}

}  // namespace

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
  return evaluate_node(*node_, context, diagnostics);
}

Value JsonExpression::evaluate_node(const Node& node, const hcl2::EvalContext& context,
                                    Diagnostics& diagnostics) const {
  switch (node.kind) {
    case NodeKind::Null:
      return Value::null();
    case NodeKind::Boolean:
      return Value::boolean(node.boolean);
    case NodeKind::Number: {
      Result<value::Number> number = value::Number::parse(node.text);
      if (number) return Value::number(std::move(*number));
      diagnostics.error("Invalid number", number.error().message, document_->range(node.span));
      return Value::unknown(value::Type::number());
    }
    case NodeKind::String:
      return evaluate_text(node.text, node.span, context, diagnostics);
    case NodeKind::Array: {
      Value::List elements;
      elements.reserve(node.elements.size());
      for (const Node& element : node.elements) {
        elements.push_back(evaluate_node(element, context, diagnostics));
      }
      return Value::tuple(std::move(elements));
    }
    case NodeKind::Object:
      return evaluate_object(node, context, diagnostics);
  }
  return Value::unknown();
}

Value JsonExpression::evaluate_text(const std::string& text, const Span& span,
                                    const hcl2::EvalContext& context,
                                    Diagnostics& diagnostics) const {
  if (!is_template(text)) return Value::string(text);
  Diagnostics problems;
  const hcl2::ExpressionPtr parsed =
      hcl2::parse_template(text, document_->file, problems, inside_quotes(span));
  const bool failed = parsed == nullptr || problems.has_errors();
  diagnostics.append(std::move(problems));
  return failed ? Value::unknown() : parsed->evaluate(context, diagnostics);
}

Value JsonExpression::evaluate_object(const Node& node, const hcl2::EvalContext& context,
                                      Diagnostics& diagnostics) const {
  Value::Map attributes;
  std::vector<std::pair<const std::string*, const Span*>> places;
  places.reserve(node.members.size());
  bool known = true;
  bool sensitive = false;
  for (const Member& member : node.members) {
    const Value key = evaluate_text(member.key, member.key_span, context, diagnostics);
    Value element = evaluate_node(member.value, context, diagnostics);
    if (!key.is_known()) {
      known = false;
      continue;
    }
    sensitive = sensitive || key.is_sensitive();
    Result<Value> name = value::convert(key, value::Type::string());
    if (!name || name->is_null()) {
      diagnostics.error("Invalid object key expression",
                        name ? "Cannot use null value as an object key."
                             : fmt::format("Cannot use this expression as an object key: {}.",
                                           name.error().message),
                        document_->range(member.key_span));
      known = false;
      continue;
    }
    const auto inserted = attributes.try_emplace(name->as_string(), std::move(element));
    const auto& entry = inserted.first;
    if (inserted.second) {
      places.emplace_back(&entry->first, &member.key_span);
      continue;
    }
    const auto first = std::find_if(places.begin(), places.end(), [&](const auto& place) {
      return place.first == &entry->first;
    });
    diagnostics.error("Duplicate object attribute",
                      fmt::format("An attribute named \"{}\" was already defined at {}:{},{}.",
                                  entry->first, document_->file, first->second->start.line,
                                  first->second->start.column),
                      document_->range(member.key_span));
    known = false;
  }
  if (!known) return Value::unknown();
  return Value::object(std::move(attributes)).with_sensitive(sensitive);
}

void JsonExpression::references(std::vector<hcl2::Traversal>& into) const {
  node_references(*node_, into);
}

void JsonExpression::text_references(const std::string& text, const Span& span,
                                     std::vector<hcl2::Traversal>& into) const {
  if (!is_template(text)) return;
  Diagnostics problems;
  const hcl2::ExpressionPtr parsed =
      hcl2::parse_template(text, document_->file, problems, inside_quotes(span));
  if (parsed != nullptr) parsed->references(into);
}

void JsonExpression::node_references(const Node& node, std::vector<hcl2::Traversal>& into) const {
  if (node.is_string()) text_references(node.text, node.span, into);
  for (const Node& element : node.elements) node_references(element, into);
  for (const Member& member : node.members) {
    text_references(member.key, member.key_span, into);
    node_references(member.value, into);
  }
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
