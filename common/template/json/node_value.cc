#include "common/template/json/node_value.h"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>

namespace farm::json {

using value::Value;

namespace {

// Nothing that normalisation would change.
bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Gives the memory of what was read back; of a const node there is nothing to give.
template <class Items>
void let_go(Items& items) {
  if constexpr (!std::is_const_v<Items>) Items().swap(items);
}

}  // namespace

bool is_template(const std::string& text) {
  return text.find("${") != std::string::npos || text.find("%{") != std::string::npos;
}

SourcePosition inside_quotes(const Span& span) {
  SourcePosition start = span.start;
  ++start.byte;
  ++start.column;
  return start;
}

void each_template(const Node& node,
                   const std::function<void(const std::string&, SourcePosition)>& visit) {
  if (node.is_string() && is_template(node.text)) visit(node.text, inside_quotes(node.span));
  for (const Node& element : node.elements) each_template(element, visit);
  for (const Member& member : node.members) {
    if (is_template(member.key)) visit(member.key, inside_quotes(member.key_span));
    each_template(member.value, visit);
  }
}

template <class AnyNode>
Value NodeEvaluator::read(AnyNode& node) {
  switch (node.kind) {
    case NodeKind::Null: return Value::null();
    case NodeKind::Boolean: return Value::boolean(node.boolean);
    case NodeKind::Number: return read_number(node);
    case NodeKind::String:
      if (is_template_here(node.text)) return text_value(node.text, node.span);
      return Value::string(std::move(node.text));  // a copy of a const node's
    case NodeKind::Array: return read_array(node);
    case NodeKind::Object: return read_object(node);
  }
  return Value::unknown();
}

Value NodeEvaluator::read_number(const Node& node) {
  Result<value::Number> number = value::Number::parse(node.text);
  if (number) return Value::number(std::move(*number));
  diagnostics_.error("Invalid number", number.error().message, range(node.span));
  return Value::unknown(value::Type::number());
}

bool NodeEvaluator::is_template_here(const std::string& text) const {
  return context_ != nullptr && is_template(text);
}

Value NodeEvaluator::text_value(const std::string& text, const Span& span) {
  Diagnostics problems;
  const hcl2::ExpressionPtr parsed =
      hcl2::parse_template(text, file_, problems, inside_quotes(span));
  const bool failed = parsed == nullptr || problems.has_errors();
  diagnostics_.append(std::move(problems));
  return failed ? Value::unknown() : parsed->evaluate(*context_, diagnostics_);
}

template <class AnyNode>
Value NodeEvaluator::read_array(AnyNode& node) {
  Value::List elements;
  elements.reserve(node.elements.size());
  for (auto& element : node.elements) elements.push_back(read(element));
  let_go(node.elements);
  return Value::tuple(std::move(elements));
}

bool NodeEvaluator::read_key(const std::string& text, const Span& span, std::string& into,
                             bool& sensitive) {
  const bool plain = !is_template_here(text);
  if (plain && is_ascii(text)) {
    into = text;
    return true;
  }
  const Value key = plain ? Value::string(text) : text_value(text, span);
  if (!key.is_known()) return false;
  sensitive = sensitive || key.is_sensitive();
  Result<Value> name = value::convert(key, value::Type::string());
  if (name && !name->is_null()) {
    into = name->as_string();
    return true;
  }
  diagnostics_.error("Invalid object key expression",
                     name ? "Cannot use null value as an object key."
                          : fmt::format("Cannot use this expression as an object key: {}.",
                                        name.error().message),
                     range(span));
  return false;
}

template <class AnyNode>
Value NodeEvaluator::read_object(AnyNode& node) {
  Value::Map attributes;
  std::vector<std::pair<const std::string*, const Span*>> places;
  places.reserve(node.members.size());
  bool known = true;
  bool sensitive = false;
  for (auto& member : node.members) {
    std::string key;
    const bool good = read_key(member.key, member.key_span, key, sensitive);
    Value element = read(member.value);
    if (!good) {
      known = false;
      continue;
    }
    const auto [entry, fresh] = attributes.try_emplace(std::move(key), std::move(element));
    if (fresh) {
      places.emplace_back(&entry->first, &member.key_span);
      continue;
    }
    const std::string* name = &entry->first;
    const auto first = std::find_if(places.begin(), places.end(),
                                    [&](const auto& place) { return place.first == name; });
    diagnostics_.error("Duplicate object attribute",
                       fmt::format("An attribute named \"{}\" was already defined at {}:{},{}.",
                                   *name, file_, first->second->start.line,
                                   first->second->start.column),
                       range(member.key_span));
    diagnostics_.items().back().context = range(*first->second);
    known = false;
  }
  let_go(node.members);
  if (!known) return Value::unknown();
  return Value::object(std::move(attributes)).with_sensitive(sensitive);
}

template Value NodeEvaluator::read(const Node& node);
template Value NodeEvaluator::read(Node& node);

}  // namespace farm::json
