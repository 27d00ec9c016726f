#include "ops/farmctl/format/hcl_format.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "common/template/hcl2/lexer.h"

namespace farm::farmctl {
namespace {

using hcl2::Token;
using hcl2::TokenKind;

/// A token, or a whole string or heredoc, which is never touched inside.
struct Unit {
  TokenKind kind = TokenKind::Invalid;
  std::string_view text;
  size_t spaces = 0;  // before it
};

/// Units of one line; `lead | assign | comment` are split at these positions.
struct Line {
  std::vector<Unit> units;
  std::string_view ending;  // line feed, or carriage return and line feed, as it was
  size_t assign = 0;   // first unit of `= ...`; units.size() when there is none
  size_t comment = 0;  // the trailing comment; units.size() when there is none
};

bool opens(TokenKind kind) {
  return kind == TokenKind::OpenBrace || kind == TokenKind::OpenBracket ||
         kind == TokenKind::OpenParen;
}
bool closes(TokenKind kind) {
  return kind == TokenKind::CloseBrace || kind == TokenKind::CloseBracket ||
         kind == TokenKind::CloseParen;
}
int bracket_change(const Unit& unit) {
  return opens(unit.kind) ? 1 : closes(unit.kind) ? -1 : 0;
}

/// Index after the token that closes the string or heredoc opened at `at`.
size_t after_template(const std::vector<Token>& tokens, size_t at) {
  int depth = 0;
  for (; at < tokens.size(); ++at) {
    switch (tokens[at].kind) {
      case TokenKind::OpenQuote:
      case TokenKind::OpenHeredoc: ++depth; break;
      case TokenKind::CloseQuote:
      case TokenKind::BrokenQuote:
      case TokenKind::CloseHeredoc:
        if (--depth == 0) return at + 1;
        break;
      default: break;
    }
  }
  return at;
}

std::vector<Line> split_lines(const std::string& text, const std::vector<Token>& tokens) {
  std::vector<Line> lines(1);
  for (size_t i = 0; i < tokens.size();) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::EndOfFile) break;
    if (token.kind == TokenKind::Newline) {
      lines.back().ending = token.text;
      lines.emplace_back();
      ++i;
      continue;
    }
    if (token.kind != TokenKind::OpenQuote && token.kind != TokenKind::OpenHeredoc) {
      lines.back().units.push_back({token.kind, token.text, 0});
      ++i;
      continue;
    }
    const size_t after = after_template(tokens, i);
    const uint32_t start = token.start.byte;
    std::string_view whole(text.data() + start, tokens[after - 1].end.byte - start);
    const bool newline = whole.ends_with('\n');
    const std::string_view ending = whole.ends_with("\r\n") ? "\r\n" : "\n";
    if (newline) whole.remove_suffix(ending.size());
    lines.back().units.push_back({token.kind, whole, 0});
    if (newline) {
      lines.back().ending = ending;
      lines.emplace_back();
    }
    i = after;
  }
  return lines;
}

bool is_word(const Unit& unit, std::string_view word) {
  return unit.kind == TokenKind::Identifier && unit.text == word;
}

/// Whether a minus after `before` is a sign and not a subtraction.
bool is_sign(const Unit* before) {
  if (before == nullptr) return true;
  switch (before->kind) {
    case TokenKind::Identifier:
    case TokenKind::Number:
    case TokenKind::OpenQuote:
    case TokenKind::OpenHeredoc:
    case TokenKind::CloseParen:
    case TokenKind::CloseBracket:
    case TokenKind::CloseBrace: return false;
    default: return true;
  }
}

bool space_between(const Unit* before, const Unit& left, const Unit& right) {
  if (left.kind == TokenKind::Identifier && right.kind == TokenKind::OpenParen) return false;
  if (left.kind == TokenKind::Dot || right.kind == TokenKind::Dot) return false;
  if (right.kind == TokenKind::Comma || right.kind == TokenKind::Ellipsis) return false;
  if (left.kind == TokenKind::DoubleColon || right.kind == TokenKind::DoubleColon) return false;
  if (left.kind == TokenKind::Comma) return true;
  if (is_word(left, "in") || is_word(right, "in")) return true;
  const bool indexable = left.kind == TokenKind::Identifier || left.kind == TokenKind::Number ||
                         closes(left.kind);
  if (right.kind == TokenKind::OpenBracket && indexable) return false;
  if (left.kind == TokenKind::Not) return false;
  if (left.kind == TokenKind::Minus) return !is_sign(before);
  if (left.kind == TokenKind::OpenBrace || right.kind == TokenKind::CloseBrace) {
    return !(left.kind == TokenKind::OpenBrace && right.kind == TokenKind::CloseBrace);
  }
  return !opens(left.kind) && !closes(right.kind);
}

void set_spaces(Line& line) {
  std::vector<Unit>& units = line.units;
  for (size_t i = 1; i < units.size(); ++i) {
    const Unit* before = i >= 2 ? &units[i - 2] : nullptr;
    units[i].spaces = space_between(before, units[i - 1], units[i]) ? 1 : 0;
  }
}

/// However many brackets a line opens, what follows moves in by one step.
void set_indentation(std::vector<Line>& lines) {
  std::vector<int> open;
  for (Line& line : lines) {
    if (line.units.empty()) continue;
    int net = 0;
    for (const Unit& unit : line.units) net += bracket_change(unit);
    size_t depth = open.size();
    if (net > 0) {
      open.push_back(net);
    } else if (net < 0) {
      for (int closed = -net; closed > 0 && !open.empty();) {
        if (closed < open.back()) {
          open.back() -= closed;
          closed = 0;
        } else {
          closed -= open.back();
          open.pop_back();
        }
      }
      depth = open.size();
    }
    line.units.front().spaces = 2 * depth;
  }
}

void find_cells(Line& line) {
  const std::vector<Unit>& units = line.units;
  line.comment = units.size();
  if (units.size() > 1 && units.back().kind == TokenKind::Comment) --line.comment;
  line.assign = line.comment;
  for (size_t i = 1; i < line.comment; ++i) {
    if (units[i].kind != TokenKind::Equal) continue;
    int net = 0;
    for (size_t j = i; j < line.comment; ++j) net += bracket_change(units[j]);
    // An attribute that goes on over more lines is not aligned with its neighbours.
    if (net == 0) line.assign = i;
    break;
  }
}

size_t characters(std::string_view text) {
  // Only the last line of a heredoc stands before what follows it.
  text.remove_prefix(text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1);
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

size_t width(const Line& line, size_t end) {
  size_t columns = 0;
  for (size_t i = 0; i < end; ++i) {
    columns += line.units[i].spaces + characters(line.units[i].text);
  }
  return columns;
}

/// Lines up the cell that starts at `cell` over each run of lines that have it.
void align(std::vector<Line>& lines, size_t Line::*cell, bool (*has)(const Line&)) {
  for (size_t start = 0; start < lines.size();) {
    if (!has(lines[start])) {
      ++start;
      continue;
    }
    size_t end = start;
    size_t widest = 0;
    for (; end < lines.size() && has(lines[end]); ++end) {
      widest = std::max(widest, width(lines[end], lines[end].*cell));
    }
    for (size_t i = start; i < end; ++i) {
      Line& line = lines[i];
      line.units[line.*cell].spaces = widest - width(line, line.*cell) + 1;
    }
    start = end;
  }
}

}  // namespace

std::string format_hcl(const std::string& text) {
  const std::vector<Token> tokens = hcl2::lex(text, hcl2::LexMode::Expression);
  std::vector<Line> lines = split_lines(text, tokens);
  for (Line& line : lines) set_spaces(line);
  set_indentation(lines);
  for (Line& line : lines) find_cells(line);
  align(lines, &Line::assign, [](const Line& line) { return line.assign < line.comment; });
  align(lines, &Line::comment, [](const Line& line) { return line.comment < line.units.size(); });
  std::string formatted;
  formatted.reserve(text.size() + text.size() / 8);
  for (const Line& line : lines) {
    for (const Unit& unit : line.units) {
      formatted.append(unit.spaces, ' ');
      formatted.append(unit.text);
    }
    formatted.append(line.ending);
  }
  return formatted;
}

}  // namespace farm::farmctl
