// Document: a parsed JSON text in which every value and key knows its place. Member order and
// duplicate keys are kept. Legacy templates, HCL JSON and JSON var files all start here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/diagnostic.h"
#include "common/value/value.h"

namespace farm::json {

enum class NodeKind { Null, Boolean, Number, String, Array, Object };
/// "null", "a boolean", "a number", "a string", "an array", "an object": for messages.
const char* node_kind_name(NodeKind kind);

/// [start, end) in the document's text.
struct Span {
  SourcePosition start;
  SourcePosition end;
};

struct Member;

struct Node {
  NodeKind kind = NodeKind::Null;
  bool boolean = false;
  Span span;
  std::string text;            // String: decoded contents; Number: as written
  std::vector<Node> elements;  // Array
  std::vector<Member> members;  // Object, in source order, duplicates kept

  bool is_string() const { return kind == NodeKind::String; }
  bool is_array() const { return kind == NodeKind::Array; }
  bool is_object() const { return kind == NodeKind::Object; }
  bool is_null() const { return kind == NodeKind::Null; }
  /// First member named `key`; nullptr when absent or when this is no object.
  const Member* find(std::string_view key) const;
  Member* find(std::string_view key);
  /// Takes every member named `key` out.
  void remove(std::string_view key);

  static Node string(std::string text, Span span = {});
  static Node array(std::vector<Node> elements, Span span = {});
  static Node object(Span span = {});
};

struct Member {
  std::string key;
  Span key_span;
  Node value;
};

struct Document {
  std::string file;
  std::string text;
  Node root;

  SourceRange range(const Span& span) const { return {file, span.start, span.end}; }
  std::string_view slice(const Span& span) const;
};

/// What is wrong with a JSON text. `message` has the words JSON libraries use ("invalid character
/// '}' looking for beginning of value"); `hint` says what the writer probably meant.
struct SyntaxError {
  std::string message;
  std::string hint;
  Span span;

  /// "MESSAGE" plus "At line L, column C (offset O):" plus the line and a caret under the place.
  std::string describe(std::string_view text) const;
};

/// RFC 8259, strictly: UTF-8 without byte-order mark, no comments, no trailing commas, at most 200
/// levels. Positions count columns in code points. Empty result: `error` is filled in.
std::optional<Node> parse_node(std::string_view text, SyntaxError& error);
/// The same with the error as a diagnostic `Error parsing JSON`.
std::optional<Node> parse_node(std::string_view text, const std::string& file,
                               Diagnostics& diagnostics);
/// The same, kept together with the text.
std::optional<Document> parse_document(std::string text, std::string file, SyntaxError& error);
std::optional<Document> parse_document(std::string text, std::string file,
                                       Diagnostics& diagnostics);

/// Reports every key that occurs twice in one object, at any depth, with both places.
void report_duplicate_keys(const Document& document, Diagnostics& diagnostics);

/// Object -> object (last of duplicate keys), array -> tuple, null -> null; numbers keep their
/// precision. InvalidInput for a number with an absurd exponent.
Result<value::Value> to_value(const Node& node);

/// JSON text of `node`: two-space indent, keys sorted, final newline. < > & are kept as they are.
std::string write_pretty(const Node& node);
/// `text` as a JSON string literal.
std::string quote(std::string_view text);

}  // namespace farm::json
