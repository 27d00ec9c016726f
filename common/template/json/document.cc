#include "common/template/json/document.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace farm::json {
namespace {

void report_duplicates_in(const Document& document, const Node& node, Diagnostics& diagnostics) {
  for (const Node& element : node.elements) report_duplicates_in(document, element, diagnostics);
  std::unordered_map<std::string_view, const Member*> seen;
  for (const Member& member : node.members) {
    const auto [first, is_new] = seen.emplace(member.key, &member);
    if (!is_new) {
      const SourcePosition at = first->second->key_span.start;
      Diagnostic diagnostic;
      diagnostic.summary = "template has duplicate field: " + member.key;
      diagnostic.detail = fmt::format("\"{}\" is first set at {}:{},{} and again at line {}.",
                                      member.key, document.file, at.line, at.column,
                                      member.key_span.start.line);
      diagnostic.hint = "keep one of the two";
      diagnostic.subject = document.range(member.key_span);
      diagnostic.context = document.range(first->second->key_span);
      diagnostics.add(std::move(diagnostic));
    }
    report_duplicates_in(document, member.value, diagnostics);
  }
}

void write_node(const Node& node, size_t indent, std::string& into);

void new_line(size_t indent, std::string& into) {
  into.push_back('\n');
  into.append(indent, ' ');
}

void write_object(const Node& node, size_t indent, std::string& into) {
  std::vector<const Member*> sorted;
  for (const Member& member : node.members) sorted.push_back(&member);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Member* a, const Member* b) { return a->key < b->key; });
  into.push_back('{');
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i > 0) into.push_back(',');
    new_line(indent + 2, into);
    into += quote(sorted[i]->key);
    into += ": ";
    write_node(sorted[i]->value, indent + 2, into);
  }
  if (!sorted.empty()) new_line(indent, into);
  into.push_back('}');
}

void write_array(const Node& node, size_t indent, std::string& into) {
  into.push_back('[');
  for (size_t i = 0; i < node.elements.size(); ++i) {
    if (i > 0) into.push_back(',');
    new_line(indent + 2, into);
    write_node(node.elements[i], indent + 2, into);
  }
  if (!node.elements.empty()) new_line(indent, into);
  into.push_back(']');
}

void write_node(const Node& node, size_t indent, std::string& into) {
  switch (node.kind) {
    case NodeKind::Null:
      into += "null";
      return;
    case NodeKind::Boolean:
      into += node.boolean ? "true" : "false";
      return;
    case NodeKind::Number:
      into += node.text;
      return;
    case NodeKind::String:
      into += quote(node.text);
      return;
    case NodeKind::Array:
      write_array(node, indent, into);
      return;
    case NodeKind::Object:
      write_object(node, indent, into);
      return;
  }
}

}  // namespace

const char* node_kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::Null:
      return "null";
    case NodeKind::Boolean:
      return "a boolean";
    case NodeKind::Number:
      return "a number";
    case NodeKind::String:
      return "a string";
    case NodeKind::Array:
      return "an array";
    case NodeKind::Object:
      return "an object";
  }
  return "a value";
}

const Member* Node::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

Member* Node::find(std::string_view key) {
  return const_cast<Member*>(std::as_const(*this).find(key));
}

void Node::remove(std::string_view key) {
  std::erase_if(members, [&](const Member& member) { return member.key == key; });
}

Node Node::string(std::string text, Span span) {
  Node node;
  node.kind = NodeKind::String;
  node.text = std::move(text);
  node.span = span;
  return node;
}

Node Node::array(std::vector<Node> elements, Span span) {
  Node node;
  node.kind = NodeKind::Array;
  node.elements = std::move(elements);
  node.span = span;
  return node;
}

Node Node::object(Span span) {
  Node node;
  node.kind = NodeKind::Object;
  node.span = span;
  return node;
}

std::string_view Document::slice(const Span& span) const {
  return std::string_view(text).substr(span.start.byte, span.end.byte - span.start.byte);
}

std::string SyntaxError::describe(std::string_view text) const {
  const size_t at = std::min<size_t>(span.start.byte, text.size());
  const size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const size_t line_start = before == std::string_view::npos ? 0 : before + 1;
  std::string_view line = text.substr(line_start, text.find('\n', at) - line_start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::string prefix = fmt::format("{:>5}: ", span.start.line);
  std::string caret(prefix.size() + span.start.column - 1, ' ');
  // Tabs stay tabs so that the caret stands under its character.
  for (size_t i = 0; i < line.size() && i + 1 < span.start.column; ++i) {
    if (line[i] == '\t') caret[prefix.size() + i] = '\t';
  }
  return fmt::format("{}\nAt line {}, column {} (offset {}):\n{}{}\n{}^", message,
                     span.start.line, span.start.column, span.start.byte + 1, prefix, line, caret);
}

void report_duplicate_keys(const Document& document, Diagnostics& diagnostics) {
  report_duplicates_in(document, document.root, diagnostics);
}

Result<value::Value> to_value(const Node& node) {
  switch (node.kind) {
    case NodeKind::Null:
      return value::Value();
    case NodeKind::Boolean:
      return value::Value::boolean(node.boolean);
    case NodeKind::Number: {
      value::Number number = TRY(value::Number::parse(node.text));
      return value::Value::number(std::move(number));
    }
    case NodeKind::String:
      return value::Value::string(node.text);
    case NodeKind::Array: {
      value::Value::List elements;
      for (const Node& element : node.elements) {
        value::Value converted = TRY(to_value(element));
        elements.push_back(std::move(converted));
      }
      return value::Value::tuple(std::move(elements));
    }
    case NodeKind::Object: {
      value::Value::Map attributes;
      for (const Member& member : node.members) {
        value::Value converted = TRY(to_value(member.value));
        attributes.insert_or_assign(member.key, std::move(converted));
      }
      return value::Value::object(std::move(attributes));
    }
  }
  return internal("JSON node of no kind");
}

std::string write_pretty(const Node& node) {
  std::string text;
  write_node(node, 0, text);
  text.push_back('\n');
  return text;
}

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          quoted.push_back(c);
        }
    }
  }
  return quoted + "\"";
}

}  // namespace farm::json
