#include "common/template/json/hcl_expression.h"

#include <fmt/format.h>

namespace farm::json {

using value::Value;

JsonExpression::JsonExpression(DocumentPtr document, const Node& node)
    : document_(std::move(document)),
      kind_(node.kind),
      boolean_(node.boolean),
      text_(node.text),
      range_(document_->range(node.span)) {
  for (const Node& element : node.elements) {
    elements_.push_back(std::make_unique<JsonExpression>(document_, element));
  }
  for (const Member& member : node.members) {
    items_.push_back({std::make_unique<JsonExpression>(document_, member.key, member.key_span),
                      std::make_unique<JsonExpression>(document_, member.value)});
  }
}

JsonExpression::JsonExpression(DocumentPtr document, std::string text, const Span& span)
    : document_(std::move(document)),
      kind_(NodeKind::String),
      text_(std::move(text)),
      range_(document_->range(span)) {}

SourcePosition JsonExpression::string_start() const {
  SourcePosition start = range_.start;
  ++start.byte;  // the opening quote
  ++start.column;
  return start;
}

const hcl2::Expression* JsonExpression::as_template() const {
  std::call_once(template_once_, [&] {
    template_ = hcl2::parse_template(text_, range_.file, template_problems_, string_start());
  });
  return template_.get();
}

const hcl2::Expression* JsonExpression::as_native() const {
  if (kind_ != NodeKind::String) return nullptr;
  std::call_once(native_once_, [&] {
    Diagnostics problems;
    native_ = hcl2::parse_expression(text_, range_.file, problems, string_start());
    if (problems.has_errors()) native_.reset();
  });
  return native_.get();
}

Value JsonExpression::evaluate(const hcl2::EvalContext& context, Diagnostics& diagnostics) const {
  switch (kind_) {
    case NodeKind::Null:
      return Value::null();
    case NodeKind::Boolean:
      return Value::boolean(boolean_);
    case NodeKind::Number: {
      Result<value::Number> number = value::Number::parse(text_);
      if (number) return Value::number(std::move(*number));
      diagnostics.error("Invalid number", number.error().message, range_);
      return Value::unknown(value::Type::number());
    }
    case NodeKind::String:
      return evaluate_string(context, diagnostics);
    case NodeKind::Array: {
      Value::List elements;
      for (const auto& element : elements_) {
        elements.push_back(element->evaluate(context, diagnostics));
      }
      return Value::tuple(std::move(elements));
    }
    case NodeKind::Object:
      return evaluate_object(context, diagnostics);
  }
  return Value::unknown();
}

Value JsonExpression::evaluate_string(const hcl2::EvalContext& context,
                                      Diagnostics& diagnostics) const {
  const hcl2::Expression* parsed = as_template();
  diagnostics.append(template_problems_);
  if (parsed == nullptr || template_problems_.has_errors()) return Value::unknown();
  return parsed->evaluate(context, diagnostics);
}

Value JsonExpression::evaluate_object(const hcl2::EvalContext& context,
                                      Diagnostics& diagnostics) const {
  Value::Map attributes;
  std::map<std::string, const SourceRange*> places;
  bool known = true;
  bool sensitive = false;
  for (const Item& item : items_) {
    const Value key = item.key->evaluate(context, diagnostics);
    Value element = item.value->evaluate(context, diagnostics);
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
                        item.key->range());
      known = false;
      continue;
    }
    const std::string& text = name->as_string();
    const auto [first, is_new] = places.emplace(text, &item.key->range());
    if (!is_new) {
      diagnostics.error("Duplicate object attribute",
                        fmt::format("An attribute named \"{}\" was already defined at {}:{},{}.",
                                    text, range_.file, first->second->start.line,
                                    first->second->start.column),
                        item.key->range());
      known = false;
      continue;
    }
    attributes.emplace(text, std::move(element));
  }
  if (!known) return Value::unknown();
  return Value::object(std::move(attributes)).with_sensitive(sensitive);
}

void JsonExpression::references(std::vector<hcl2::Traversal>& into) const {
  if (kind_ == NodeKind::String) {
    const hcl2::Expression* parsed = as_template();
    if (parsed != nullptr) parsed->references(into);
  }
  for (const auto& element : elements_) element->references(into);
  for (const Item& item : items_) {
    item.key->references(into);
    item.value->references(into);
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
  if (kind_ != NodeKind::Array) return std::nullopt;
  std::vector<const Expression*> elements;
  for (const auto& element : elements_) elements.push_back(element.get());
  return elements;
}

std::optional<std::vector<std::pair<const hcl2::Expression*, const hcl2::Expression*>>>
JsonExpression::as_object() const {
  if (kind_ != NodeKind::Object) return std::nullopt;
  std::vector<std::pair<const Expression*, const Expression*>> items;
  for (const Item& item : items_) items.emplace_back(item.key.get(), item.value.get());
  return items;
}

}  // namespace farm::json
