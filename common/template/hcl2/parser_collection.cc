// The rules for tuple and object constructors and `for` expressions.
#include "common/template/hcl2/parser.h"

namespace farm::hcl2 {

ExpressionPtr Parser::parse_tuple() {
  const Token open = take();
  const NewlineScope lines(*this, NewlineScope::Ignored);
  if (at_keyword("for")) return parse_for(open, TokenKind::CloseBracket);
  std::vector<ExpressionPtr> items;
  while (!at(TokenKind::CloseBracket)) {
    ExpressionPtr item = parse_expression();
    if (item == nullptr) return nullptr;
    items.push_back(std::move(item));
    if (at(TokenKind::CloseBracket)) break;
    if (at(TokenKind::EndOfFile)) {
      return fail("Unterminated tuple constructor expression",
                  "There is no closing bracket for this list.", range_of(open));
    }
    if (!accept(TokenKind::Comma)) {
      return fail("Missing item separator", "Expected a comma before the next item.",
                  range_of(peek()));
    }
  }
  take();
  return std::make_shared<TupleConstructor>(range_from(open.start), std::move(items));
}

ExpressionPtr Parser::parse_object() {
  const Token open = take();
  {
    const NewlineScope lines(*this, NewlineScope::Ignored);
    if (at_keyword("for")) return parse_for(open, TokenKind::CloseBrace);
  }
  const NewlineScope lines(*this, NewlineScope::Counted);
  std::vector<ObjectConstructor::Item> items;
  while (true) {
    while (accept(TokenKind::Newline)) {
    }
    if (accept(TokenKind::CloseBrace)) break;
    if (at(TokenKind::EndOfFile)) {
      return fail("Unterminated object constructor expression",
                  "There is no closing brace for this object.", range_of(open));
    }
    if (!parse_object_item(items)) return nullptr;
    if (accept(TokenKind::Comma) || at(TokenKind::CloseBrace) || at(TokenKind::Newline)) continue;
    if (at(TokenKind::EndOfFile)) continue;
    return fail("Missing attribute separator",
                "Expected a line end or a comma before the next attribute.", range_of(peek()));
  }
  return std::make_shared<ObjectConstructor>(range_from(open.start), std::move(items));
}

bool Parser::parse_object_item(std::vector<ObjectConstructor::Item>& items) {
  ExpressionPtr key = parse_object_key();
  if (key == nullptr) return false;
  if (!accept(TokenKind::Equal) && !accept(TokenKind::Colon)) {
    const SourceRange range = range_of(peek());
    if (at(TokenKind::Newline)) {
      fail("Missing attribute value", "Expected a value, introduced by an equals sign (\"=\").",
           range);
    } else {
      fail("Missing key/value separator", "Expected an equals sign (\"=\") before the value.",
           range);
    }
    return false;
  }
  ExpressionPtr v = parse_expression();
  if (v == nullptr) return false;
  items.emplace_back(std::move(key), std::move(v));
  return true;
}

ExpressionPtr Parser::parse_object_key() {
  ExpressionPtr key = parse_expression();
  if (key == nullptr) return nullptr;
  if (const auto traversal = key->as_traversal(); traversal && !traversal->steps.empty()) {
    return fail("Ambiguous attribute key",
                "Is this a reference or a name? Put a reference in parentheses, and a name that "
                "holds dots in quotes.",
                key->range());
  }
  const SourceRange range = key->range();
  return std::make_shared<ObjectKey>(range, std::move(key));
}

// `for k, v in collection :`
bool Parser::parse_for_head(ForParts& parts, const char* summary) {
  take();
  const auto name = [this, summary](std::string& into) {
    if (!at(TokenKind::Identifier)) {
      fail(summary, "A variable name is required here.", range_of(peek()));
      return false;
    }
    into = std::string(take().text);
    return true;
  };
  if (!name(parts.value_name)) return false;
  if (accept(TokenKind::Comma)) {
    parts.key_name = std::move(parts.value_name);
    if (!name(parts.value_name)) return false;
  }
  if (!at_keyword("in")) {
    fail(summary, "The keyword \"in\" is required after the variable names.",
         range_of(peek()));
    return false;
  }
  take();
  parts.collection = parse_expression();
  return parts.collection != nullptr;
}

ExpressionPtr Parser::parse_for(const Token& open, TokenKind close) {
  const bool object = close == TokenKind::CloseBrace;
  ForParts parts;
  if (!parse_for_head(parts, "Invalid 'for' expression")) return nullptr;
  if (!accept(TokenKind::Colon)) {
    return fail("Invalid 'for' expression", "A colon is required after the collection.",
                range_of(peek()));
  }
  ExpressionPtr first = parse_expression();
  if (first == nullptr) return nullptr;
  if (object) {
    if (!accept(TokenKind::Arrow)) {
      return fail("Invalid 'for' expression", "An object needs \"key => value\" here.",
                  range_of(peek()));
    }
    parts.key = std::move(first);
    parts.value = parse_expression();
    if (parts.value == nullptr) return nullptr;
  } else {
    parts.value = std::move(first);
  }
  if (at(TokenKind::Ellipsis)) {
    const Token ellipsis = take();
    if (!object) {
      return fail("Invalid 'for' expression", "Grouping (\"...\") needs an object.",
                  range_of(ellipsis));
    }
    parts.group = true;
  }
  if (at_keyword("if")) {
    take();
    parts.condition = parse_expression();
    if (parts.condition == nullptr) return nullptr;
  }
  if (!accept(close)) {
    return fail("Invalid 'for' expression", "Extra characters after the end of the expression.",
                range_of(peek()));
  }
  return std::make_shared<For>(range_from(open.start), std::move(parts));
}

}  // namespace farm::hcl2
