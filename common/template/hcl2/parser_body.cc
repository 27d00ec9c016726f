// The rules for bodies: attributes and blocks, and going on after an error.
#include <algorithm>

#include "common/template/hcl2/parser.h"

namespace farm::hcl2 {
namespace {

constexpr int kMaxBlockNesting = 100;

std::string place(const SourceRange& range) {
  return range.file + ":" + std::to_string(range.start.line) + "," +
         std::to_string(range.start.column);
}

std::string header_text(const Block& block) {
  std::string text = block.type;
  for (const std::string& label : block.labels) text += " \"" + label + "\"";
  return text;
}

}  // namespace

BodySyntax Parser::parse_file() {
  BodySyntax body;
  parse_body(body, TokenKind::EndOfFile);
  const Token& end = tokens_.back();
  body.range = {file_, start_, end.end};
  body.text = std::string(text_);
  body.text_start = start_.byte;
  return body;
}

// Items up to `close`, which is left for the caller.
void Parser::parse_body(BodySyntax& body, TokenKind close) {
  const NewlineScope lines(*this, NewlineScope::Counted);
  while (true) {
    while (accept(TokenKind::Newline)) {
    }
    if (at(close) || at(TokenKind::EndOfFile)) return;
    const size_t item_start = next_;
    failed_ = false;
    if (!parse_item(body)) recover(item_start);
  }
}

bool Parser::parse_item(BodySyntax& body) {
  if (!at(TokenKind::Identifier)) {
    const Token token = peek();
    if (token.kind == TokenKind::OpenQuote) {
      fail("Invalid argument name", "Argument names must not be quoted.", range_of(token));
    } else if (token.kind == TokenKind::Invalid || token.kind == TokenKind::BadEncoding) {
      fail_bad_token(token);
    } else {
      fail("Argument or block definition required",
           "An argument or block definition is required here.", range_of(token));
    }
    return false;
  }
  const Token name = take();
  if (at(TokenKind::Equal)) return parse_attribute(body, name);
  if (at(TokenKind::OpenQuote) || at(TokenKind::OpenBrace) || at(TokenKind::Identifier)) {
    return parse_block(body, name);
  }
  fail("Argument or block definition required",
       "An argument or block definition is required here.", range_of(name),
       "To set an argument, write " + std::string(name.text) + " = VALUE.");
  return false;
}

bool Parser::parse_attribute(BodySyntax& body, const Token& name) {
  take();
  ExpressionPtr expression = parse_expression();
  if (expression == nullptr) return false;
  Attribute attribute{std::string(name.text), std::move(expression), range_from(name.start),
                      range_of(name)};
  if (!at(TokenKind::Newline) && !at(TokenKind::EndOfFile) && !at(TokenKind::CloseBrace)) {
    const Token token = peek();
    if (token.kind == TokenKind::Invalid) {
      fail_bad_token(token);
    } else {
      fail("Missing newline after argument",
           "An argument ends with its line; only one fits on a line.", range_of(token));
    }
    return false;
  }
  const auto [earlier, added] =
      body.attribute_index.emplace(attribute.name, body.attributes.size());
  if (!added) {
    const SourceRange& first = body.attributes[earlier->second].name_range;
    const bool reported = failed_;
    fail("Attribute redefined",
         "The argument \"" + attribute.name + "\" was already set at " +
             place(first) + ". Each argument may be set only once.",
         attribute.name_range);
    if (!reported) diagnostics_.items().back().context = first;
    return true;
  }
  body.attributes.push_back(std::move(attribute));
  return true;
}

bool Parser::parse_labels(Block& block) {
  while (!at(TokenKind::OpenBrace)) {
    const Token token = peek();
    if (token.kind == TokenKind::Identifier) {
      take();
      block.labels.emplace_back(token.text);
    } else if (token.kind == TokenKind::OpenQuote) {
      ExpressionPtr label = parse_quoted();
      if (label == nullptr) return false;
      const auto* literal = dynamic_cast<const Literal*>(label.get());
      if (literal == nullptr) {
        fail("Invalid string literal", "Template sequences are not allowed in a block label.",
             label->range());
        return false;
      }
      block.labels.push_back(literal->value().as_string());
    } else {
      const std::string hint =
          token.kind == TokenKind::Equal && block.labels.size() == 1
              ? "A block has no equals sign; an argument has no label."
              : "";
      fail("Invalid block definition",
           "Either a quoted string block label or an opening brace (\"{\") is expected here.",
           range_of(token), hint);
      return false;
    }
    block.label_ranges.push_back(range_from(token.start));
  }
  return true;
}

bool Parser::parse_block(BodySyntax& body, const Token& type) {
  Block block;
  block.type = std::string(type.text);
  block.type_range = range_of(type);
  if (!parse_labels(block)) return false;
  block.header_range = range_from(type.start);
  const Token open = take();
  BodySyntax inner;
  inner.header = header_text(block);
  ++depth_;
  const bool good = depth_ <= kMaxBlockNesting && parse_block_body(inner, open);
  if (depth_ > kMaxBlockNesting) {
    fail("Block nested too deeply", "Too many blocks inside each other.", range_of(open));
  }
  --depth_;
  if (inner.range.file.empty()) inner.range = range_from(open.start);
  const size_t from = open.end.byte - start_.byte;
  const size_t to = std::max<size_t>(from, last_end_.byte - start_.byte - (good ? 1 : 0));
  inner.text = std::string(text_.substr(from, to - from));
  inner.text_start = open.end.byte;
  block.body = std::make_shared<NativeBody>(std::make_shared<const BodySyntax>(std::move(inner)));
  body.blocks.push_back(std::move(block));
  body.block_ranges.push_back(range_from(type.start));
  if (!good) return false;
  if (!at(TokenKind::Newline) && !at(TokenKind::EndOfFile) && !at(TokenKind::CloseBrace)) {
    fail("Missing newline after block definition",
         "A block definition must end with a newline.", range_of(peek()));
    return false;
  }
  return true;
}

// After the opening brace; takes the closing one.
bool Parser::parse_block_body(BodySyntax& body, const Token& open) {
  if (!at(TokenKind::Newline)) {  // one line: nothing, or one argument
    if (!at(TokenKind::CloseBrace)) {
      const NewlineScope lines(*this, NewlineScope::Counted);
      if (!at(TokenKind::Identifier)) {
        fail("Argument definition required",
             "A single-line block holds one argument: name { argument = value }.",
             range_of(peek()));
        return false;
      }
      const Token name = take();
      if (!at(TokenKind::Equal)) {
        fail("Invalid single-argument block definition",
             "A single-line block holds one argument; start a new line after the opening brace "
             "for blocks.",
             range_of(peek()));
        return false;
      }
      if (!parse_attribute(body, name)) return false;
    }
    if (!at(TokenKind::CloseBrace)) {
      fail("Invalid single-argument block definition",
           "A single-line block ends on its line; start a new line after the opening brace for "
           "more arguments.",
           range_of(peek()));
      return false;
    }
  } else {
    parse_body(body, TokenKind::CloseBrace);
    if (!at(TokenKind::CloseBrace)) {
      failed_ = false;
      fail("Unclosed configuration block", "There is no closing brace for this block.",
           range_of(open));
      return false;
    }
  }
  take();
  body.range = range_from(open.start);
  return true;
}

// Goes to the end of the broken item: its last line end outside of brackets, but not past a line
// that begins another item of the same indentation (a bracket may be missing).
void Parser::recover(size_t item_start) {
  const uint32_t column = tokens_[item_start].start.column;
  int open = 0;
  for (size_t i = item_start; tokens_[i].kind != TokenKind::EndOfFile; ++i) {
    const Token& token = tokens_[i];
    switch (token.kind) {
      case TokenKind::OpenBrace:
      case TokenKind::OpenBracket:
      case TokenKind::OpenParen: ++open; break;
      case TokenKind::CloseBracket:
      case TokenKind::CloseParen: open = std::max(0, open - 1); break;
      case TokenKind::CloseBrace:
        if (open == 0 && i >= next_ && i > item_start) {
          next_ = i;  // of the enclosing block
          return;
        }
        open = std::max(0, open - 1);
        break;
      case TokenKind::Newline: {
        if (i < next_) break;
        const Token& after = tokens_[i + 1];
        const bool other_item =
            (after.kind == TokenKind::Identifier && after.start.column <= column) ||
            (after.kind == TokenKind::CloseBrace && after.start.column < column);
        if (open > 0 && !other_item) break;
        next_ = i;
        return;
      }
      default: break;
    }
  }
  next_ = tokens_.size() - 1;
}

BodyPtr parse_native(const std::string& text, const std::string& file, Diagnostics& diagnostics,
                     SourcePosition start) {
  Parser parser(text, file, LexMode::Expression, start, diagnostics);
  return std::make_shared<NativeBody>(std::make_shared<const BodySyntax>(parser.parse_file()));
}

}  // namespace farm::hcl2
