#include "common/template/hcl2/format.h"

#include <algorithm>
#include <vector>

#include "common/template/hcl2/body.h"
#include "common/template/hcl2/lexer.h"

namespace farm::hcl2 {
namespace {

constexpr size_t kMaxTemplateNesting = 100;

// A token, or a whole template (kind CloseQuote or CloseHeredoc) with its text made up already.
struct Piece {
  TokenKind kind;
  std::string text;
  bool unary = false;  // a sign or !, not an operator between two operands
  bool splat = false;
};

struct Line {
  std::vector<Piece> pieces;
  std::string end;  // the line end as it was
  std::string lead;     // before the = of an argument; everything when there is none
  std::string assign;   // from the = on
  std::string comment;  // at the end of the line
  size_t indent = 0;
  bool balanced = true;
};

bool opens_template(TokenKind kind) {
  return kind == TokenKind::OpenQuote || kind == TokenKind::OpenHeredoc;
}

bool opens_sequence(TokenKind kind) {
  return kind == TokenKind::OpenInterpolation || kind == TokenKind::OpenDirective;
}

bool closes(TokenKind kind) {
  return kind == TokenKind::CloseQuote || kind == TokenKind::CloseHeredoc ||
         kind == TokenKind::CloseSequence;
}

int bracket_change(TokenKind kind) {
  switch (kind) {
    case TokenKind::OpenBrace:
    case TokenKind::OpenBracket:
    case TokenKind::OpenParen: return 1;
    case TokenKind::CloseBrace:
    case TokenKind::CloseBracket:
    case TokenKind::CloseParen: return -1;
    default: return 0;
  }
}

bool is_keyword(const Piece& piece) {
  return piece.kind == TokenKind::Identifier &&
         (piece.text == "in" || piece.text == "if" || piece.text == "for");
}

// Whether an operand may end with `piece`, so that a bracket after it is an index.
bool ends_operand(const Piece& piece) {
  switch (piece.kind) {
    case TokenKind::Identifier: return !is_keyword(piece);
    case TokenKind::Number:
    case TokenKind::CloseQuote:
    case TokenKind::CloseHeredoc:
    case TokenKind::CloseBrace:
    case TokenKind::CloseBracket:
    case TokenKind::CloseParen: return true;
    default: return piece.splat;
  }
}

// Whether a minus after `piece` is a sign. As `packer fmt` has it: a minus after `in`, `if`, `=>` or
// at the start of an interpolation is printed like a subtraction.
bool precedes_sign(const Piece& piece) {
  switch (piece.kind) {
    case TokenKind::OpenParen:
    case TokenKind::OpenBrace:
    case TokenKind::OpenBracket:
    case TokenKind::Equal:
    case TokenKind::Colon:
    case TokenKind::Comma:
    case TokenKind::Question:
    case TokenKind::Plus:
    case TokenKind::Star:
    case TokenKind::Slash:
    case TokenKind::Percent:
    case TokenKind::Minus:
    case TokenKind::EqualEqual:
    case TokenKind::NotEqual:
    case TokenKind::Greater:
    case TokenKind::GreaterEqual:
    case TokenKind::Less:
    case TokenKind::LessEqual:
    case TokenKind::And:
    case TokenKind::Or:
    case TokenKind::Not: return !piece.splat;
    default: return false;
  }
}

bool space_between(const Piece& before, const Piece& after, const Piece* next) {
  if (before.kind == TokenKind::Comment || after.kind == TokenKind::Comment) return true;
  if (after.kind == TokenKind::Comma) return false;
  if (before.kind == TokenKind::Comma) return true;
  if (after.kind == TokenKind::Dot) {
    // `a.0 .1` must not become the number 0.1
    return before.kind == TokenKind::Number && next != nullptr && next->kind == TokenKind::Number;
  }
  if (before.kind == TokenKind::Dot) return false;
  if (before.kind == TokenKind::DoubleColon || after.kind == TokenKind::DoubleColon) return false;
  if (before.kind == TokenKind::OpenParen || before.kind == TokenKind::OpenBracket) return false;
  if (after.kind == TokenKind::CloseParen || after.kind == TokenKind::CloseBracket) return false;
  if (before.kind == TokenKind::OpenBrace) return after.kind != TokenKind::CloseBrace;
  if (after.kind == TokenKind::CloseBrace) return true;
  if (after.kind == TokenKind::Ellipsis) return false;
  if (before.unary) return false;
  if (after.kind == TokenKind::OpenParen) return before.kind != TokenKind::Identifier;
  if (after.kind == TokenKind::OpenBracket) return !ends_operand(before);
  return true;
}

enum class Place { Line, Sequence };

void mark_roles(std::vector<Piece>& pieces, Place place) {
  for (size_t i = 0; i < pieces.size(); ++i) {
    Piece& piece = pieces[i];
    if (piece.kind == TokenKind::Star) {
      piece.splat = i > 0 && (pieces[i - 1].kind == TokenKind::Dot ||
                              pieces[i - 1].kind == TokenKind::OpenBracket);
    }
    const bool sign = i == 0 ? place == Place::Line : precedes_sign(pieces[i - 1]);
    piece.unary = piece.kind == TokenKind::Not || (piece.kind == TokenKind::Minus && sign);
  }
}

std::string join(const std::vector<Piece>& pieces, size_t from, size_t to) {
  std::string text;
  for (size_t i = from; i < to; ++i) {
    const Piece* next = i + 1 < pieces.size() ? &pieces[i + 1] : nullptr;
    if (i > from && space_between(pieces[i - 1], pieces[i], next)) text += ' ';
    text += pieces[i].text;
  }
  return text;
}

size_t width(const std::string& text) {
  const size_t line = text.rfind('\n');
  const std::string last = line == std::string::npos ? text : text.substr(line + 1);
  return advance({}, last).column - 1;
}

class Formatter {
 public:
  explicit Formatter(const std::string& text) : tokens_(lex(text, LexMode::Expression)) {}

  std::string run() {
    split_lines();
    indent_lines();
    for (Line& line : lines_) divide(line);
    align_arguments();
    align_comments();
    std::string out;
    for (const Line& line : lines_) {
      if (!line.pieces.empty()) {
        out += std::string(line.indent * 2, ' ') + line.lead + line.assign + line.comment;
      }
      out += line.end;
    }
    return out;
  }

 private:
  // Index after the template or sequence that opens at `i`.
  size_t end_of(size_t i) const {
    size_t open = 0;
    for (; tokens_[i].kind != TokenKind::EndOfFile; ++i) {
      if (opens_template(tokens_[i].kind) || opens_sequence(tokens_[i].kind)) ++open;
      else if (closes(tokens_[i].kind) && --open == 0) return i + 1;
    }
    return i;
  }

  std::string verbatim(size_t from, size_t to) const {
    const char* first = tokens_[from].text.data();
    const std::string_view last = tokens_[to - 1].text;
    return {first, static_cast<size_t>(last.data() + last.size() - first)};
  }

  // Blanks between a heredoc's end and that of its line stay.
  std::string_view blanks_after(size_t i) const {
    const std::string_view next = tokens_[i + 1].text;
    if (tokens_[i + 1].kind != TokenKind::Newline) return {};
    const char* end = tokens_[i].text.data() + tokens_[i].text.size();
    return {end, static_cast<size_t>(next.data() - end)};
  }

  // A template: literals as they are, sequences on one line with canonical spaces.
  std::string template_text(size_t from, size_t to, size_t depth) {
    if (depth > kMaxTemplateNesting) return verbatim(from, to);
    std::string text(tokens_[from].text);
    for (size_t i = from + 1; i + 1 < to;) {
      if (!opens_sequence(tokens_[i].kind)) {
        text += tokens_[i++].text;
        continue;
      }
      const size_t end = end_of(i);
      text += sequence_text(i, end, depth);
      i = end;
    }
    text += tokens_[to - 1].text;
    if (tokens_[to - 1].kind == TokenKind::CloseHeredoc) text += blanks_after(to - 1);
    return text;
  }

  std::string sequence_text(size_t from, size_t to, size_t depth) {
    std::vector<Piece> pieces;
    for (size_t i = from + 1; i + 1 < to;) {
      if (tokens_[i].kind == TokenKind::Newline || tokens_[i].kind == TokenKind::Comment ||
          tokens_[i].kind == TokenKind::OpenHeredoc) {
        return verbatim(from, to);
      }
      i = take_piece(i, pieces, depth);
    }
    mark_roles(pieces, Place::Sequence);
    return std::string(tokens_[from].text) + join(pieces, 0, pieces.size()) +
           std::string(tokens_[to - 1].text);
  }

  // Adds the piece at `i`; returns the index after it.
  size_t take_piece(size_t i, std::vector<Piece>& pieces, size_t depth) {
    const Token& token = tokens_[i];
    if (!opens_template(token.kind)) {
      pieces.push_back({token.kind, std::string(token.text)});
      return i + 1;
    }
    const size_t end = end_of(i);
    const TokenKind kind = token.kind == TokenKind::OpenQuote ? TokenKind::CloseQuote
                                                              : TokenKind::CloseHeredoc;
    pieces.push_back({kind, template_text(i, end, depth + 1)});
    return end;
  }

  void split_lines() {
    Line line;
    for (size_t i = 0; tokens_[i].kind != TokenKind::EndOfFile;) {
      if (tokens_[i].kind != TokenKind::Newline) {
        i = take_piece(i, line.pieces, 0);
        continue;
      }
      line.end = std::string(tokens_[i++].text);
      lines_.push_back(std::move(line));
      line = {};
    }
    if (!line.pieces.empty()) lines_.push_back(std::move(line));
  }

  // Brackets that open on one line are one level, however many they are.
  void indent_lines() {
    std::vector<int> levels;
    for (Line& line : lines_) {
      int change = 0;
      for (const Piece& piece : line.pieces) change += bracket_change(piece.kind);
      line.balanced = change == 0;
      for (int closed = -change; closed > 0 && !levels.empty();) {
        const int here = std::min(closed, levels.back());
        closed -= here;
        levels.back() -= here;
        if (levels.back() == 0) levels.pop_back();
      }
      line.indent = levels.size();
      if (change > 0) levels.push_back(change);
    }
  }

  static void divide(Line& line) {
    mark_roles(line.pieces, Place::Line);
    size_t code = line.pieces.size();
    if (code > 1 && line.pieces.back().kind == TokenKind::Comment) {
      --code;
      line.comment = line.pieces.back().text;
    }
    size_t equal = code;
    int open = 0;
    for (size_t i = 0; i < code && equal == code; ++i) {
      open += bracket_change(line.pieces[i].kind);
      if (i > 0 && open == 0 && line.pieces[i].kind == TokenKind::Equal) equal = i;
    }
    line.lead = join(line.pieces, 0, equal);
    if (equal < code) line.assign = " " + join(line.pieces, equal, code);
  }

  // Calls `align` with each run [from, to) of consecutive lines that `belongs` takes.
  template <class Belongs, class Align>
  void for_runs(Belongs belongs, Align align) {
    for (size_t from = 0; from < lines_.size();) {
      size_t to = from;
      while (to < lines_.size() && belongs(lines_[to])) ++to;
      if (to > from) align(from, to);
      from = to + 1;
    }
  }

  void align_arguments() {
    const auto argument = [](const Line& line) { return !line.assign.empty() && line.balanced; };
    for_runs(argument, [this](size_t from, size_t to) {
      size_t widest = 0;
      for (size_t i = from; i < to; ++i) widest = std::max(widest, width(lines_[i].lead));
      for (size_t i = from; i < to; ++i) {
        lines_[i].lead.append(widest - width(lines_[i].lead), ' ');
      }
    });
  }

  void align_comments() {
    const auto commented = [](const Line& line) { return !line.comment.empty(); };
    const auto code_width = [](const Line& line) {
      return line.indent * 2 + width(line.lead + line.assign);
    };
    for_runs(commented, [&](size_t from, size_t to) {
      size_t widest = 0;
      for (size_t i = from; i < to; ++i) widest = std::max(widest, code_width(lines_[i]));
      for (size_t i = from; i < to; ++i) {
        Line& line = lines_[i];
        line.comment.insert(0, widest - code_width(line) + 1, ' ');
      }
    });
  }

  std::vector<Token> tokens_;
  std::vector<Line> lines_;
};

}  // namespace

std::string format_source(const std::string& text) {
  Diagnostics diagnostics;
  parse_native(text, "", diagnostics);
  if (diagnostics.has_errors()) return text;
  return Formatter(text).run();
}

}  // namespace farm::hcl2
