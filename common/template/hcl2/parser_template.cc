// The rules for templates: quoted strings, heredocs, bare templates and their directives.
#include <charconv>

#include <utf8proc.h>

#include "common/template/hcl2/parser.h"

namespace farm::hcl2 {
namespace {

void append_code_point(uint32_t code, std::string& out) {
  utf8proc_uint8_t bytes[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
}

// Length of the escape at the front of `text` (a backslash) appended to `out`; 0 when it is none.
size_t unescape(std::string_view text, std::string& out) {
  if (text.size() < 2) return 0;
  switch (text[1]) {
    case 'n': out += '\n'; return 2;
    case 'r': out += '\r'; return 2;
    case 't': out += '\t'; return 2;
    case '"': out += '"'; return 2;
    case '\\': out += '\\'; return 2;
    case 'u':
    case 'U': break;
    default: return 0;
  }
  const size_t digits = text[1] == 'u' ? 4 : 8;
  if (text.size() < 2 + digits) return 0;
  uint32_t code = 0;
  const char* first = text.data() + 2;
  const auto parsed = std::from_chars(first, first + digits, code, 16);
  if (parsed.ec != std::errc() || parsed.ptr != first + digits) return 0;
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;  // no character
  append_code_point(code, out);
  return 2 + digits;
}

constexpr const char* kInterpolation = "interpolation expression";

const char* directive_name(TemplatePart::Kind kind) {
  switch (kind) {
    case TemplatePart::Kind::If: return "if";
    case TemplatePart::Kind::Else: return "else";
    case TemplatePart::Kind::EndIf: return "endif";
    case TemplatePart::Kind::For: return "for";
    case TemplatePart::Kind::EndFor: return "endfor";
    default: return "";
  }
}

}  // namespace

ExpressionPtr Parser::parse_whole_template() {
  const SourcePosition start = start_;
  std::vector<TemplatePart> parts;
  if (!parse_template_parts(TokenKind::EndOfFile, parts)) return nullptr;
  if (failed_) return nullptr;
  return build_template(parts, {file_, start, last_end_}, true);
}

ExpressionPtr Parser::parse_quoted() {
  const Token open = take();
  std::vector<TemplatePart> parts;
  if (!parse_template_parts(TokenKind::CloseQuote, parts)) return nullptr;
  return build_template(parts, range_from(open.start), true);
}

ExpressionPtr Parser::parse_heredoc() {
  const Token open = take();
  std::vector<TemplatePart> parts;
  if (!parse_template_parts(TokenKind::CloseHeredoc, parts)) return nullptr;
  if (open.text.substr(0, 3) == "<<-") remove_indentation(parts);
  return build_template(parts, range_from(open.start), true);
}

// The text that a literal token stands for.
std::optional<std::string> Parser::literal_text(const Token& token) {
  std::string text;
  const bool quoted = token.kind == TokenKind::QuotedLiteral;
  for (size_t i = 0; i < token.text.size();) {
    const std::string_view tail = token.text.substr(i);
    if (tail.substr(0, 3) == "$${" || tail.substr(0, 3) == "%%{") {
      text += tail.substr(1, 2);
      i += 3;
    } else if (quoted && tail[0] == '\\') {
      const size_t length = unescape(tail, text);
      if (length == 0) {
        const SourcePosition from = advance(token.start, token.text.substr(0, i));
        const std::string_view bad = tail.substr(0, 2);
        fail("Invalid escape sequence",
             "\"" + std::string(bad) + "\" is no escape; there are \\n \\r \\t \\\" \\\\ \\uNNNN "
             "and \\UNNNNNNNN.",
             {file_, from, advance(from, bad)}, "Write \\\\ for a backslash.");
        return std::nullopt;
      }
      i += length;
    } else {
      text += tail[0];
      ++i;
    }
  }
  return text;
}

bool Parser::parse_template_parts(TokenKind close, std::vector<TemplatePart>& parts) {
  bool trim_next = false;  // the last sequence ended with ~}
  while (true) {
    const Token& next = tokens_[next_];
    switch (next.kind) {
      case TokenKind::QuotedLiteral:
      case TokenKind::TemplateLiteral: {
        const Token token = take();
        auto text = literal_text(token);
        if (!text) return false;
        if (trim_next) *text = trim_left(*text);
        trim_next = false;
        TemplatePart part;
        part.range = range_of(token);
        part.text = *std::move(text);
        parts.push_back(std::move(part));
        break;
      }
      case TokenKind::OpenInterpolation:
        if (!parse_interpolation(parts, trim_next)) return false;
        break;
      case TokenKind::OpenDirective:
        if (!parse_directive(parts, trim_next)) return false;
        break;
      case TokenKind::BrokenQuote:
        fail("Invalid multi-line string",
             "A quoted string ends on the line where it begins. Write \\n for a line end, or use "
             "a heredoc (<<EOT) for several lines.",
             range_of(next));
        return false;
      default: {
        if (next.kind != close) {
          const char* what = close == TokenKind::CloseHeredoc ? "heredoc" : "string";
          fail("Unterminated template string",
               std::string("The text ends before the closing marker of this ") + what + ".",
               range_of(next));
          return false;
        }
        TemplatePart end;
        end.kind = TemplatePart::Kind::End;
        end.range = range_of(next);
        if (next.kind != TokenKind::EndOfFile) ++next_;
        last_end_ = next.end;
        parts.push_back(std::move(end));
        return true;
      }
    }
  }
}

// `}` or `~}` after an interpolation or directive.
bool Parser::close_sequence(const std::string& what, bool& trim_next) {
  if (!at(TokenKind::CloseSequence)) {
    const Token token = peek();
    const bool marker = what != kInterpolation;
    // The quote that was to end the string opens one inside the sequence.
    const TokenKind inside =
        token.kind == TokenKind::OpenQuote ? tokens_[next_ + 1].kind : token.kind;
    if (inside == TokenKind::EndOfFile || inside == TokenKind::BrokenQuote) {
      fail(marker ? "Unclosed template control sequence"
                  : "Unclosed template interpolation sequence",
           "There is no closing brace for this " + what + ".", range_of(token));
    } else {
      fail("Extra characters " + std::string(marker ? "in " : "after ") + what,
           "Expected a closing brace to end the " + what + ".", range_of(token));
    }
    return false;
  }
  trim_next = take().text.size() == 2;
  return true;
}

bool Parser::parse_interpolation(std::vector<TemplatePart>& parts, bool& trim_next) {
  const Token open = take();
  const bool trim_before = open.text.size() == 3;
  if (trim_before && !parts.empty() && parts.back().kind == TemplatePart::Kind::Literal) {
    parts.back().text = trim_right(parts.back().text);
  }
  const NewlineScope lines(*this, NewlineScope::Ignored);
  TemplatePart part;
  part.kind = TemplatePart::Kind::Interpolation;
  part.expression = parse_expression();
  if (part.expression == nullptr) return false;
  if (!close_sequence(kInterpolation, trim_next)) return false;
  part.range = range_from(open.start);
  parts.push_back(std::move(part));
  return true;
}

bool Parser::parse_directive(std::vector<TemplatePart>& parts, bool& trim_next) {
  const Token open = take();
  const bool trim_before = open.text.size() == 3;
  if (trim_before && !parts.empty() && parts.back().kind == TemplatePart::Kind::Literal) {
    parts.back().text = trim_right(parts.back().text);
  }
  const NewlineScope lines(*this, NewlineScope::Ignored);
  const Token keyword = peek();
  TemplatePart part;
  if (at_keyword("if")) {
    take();
    part.kind = TemplatePart::Kind::If;
    part.expression = parse_expression();
    if (part.expression == nullptr) return false;
  } else if (at_keyword("for")) {
    part.kind = TemplatePart::Kind::For;
    if (!parse_for_head(part.loop, "Invalid 'for' directive")) return false;
  } else if (at_keyword("else") || at_keyword("endif") || at_keyword("endfor")) {
    take();
    part.kind = keyword.text == "else"    ? TemplatePart::Kind::Else
                : keyword.text == "endif" ? TemplatePart::Kind::EndIf
                                          : TemplatePart::Kind::EndFor;
  } else if (at(TokenKind::Identifier)) {
    const std::string near = nearest_name(std::string(keyword.text),
                                          {"if", "for", "else", "endif", "endfor"});
    fail("Invalid template control keyword",
         "\"" + std::string(keyword.text) + "\" is not a template control keyword.",
         range_of(keyword), near.empty() ? "" : "Did you mean \"" + near + "\"?");
    return false;
  } else {
    fail("Invalid template directive",
         "A keyword (if, else, endif, for or endfor) is required after %{.", range_of(keyword));
    return false;
  }
  if (!close_sequence(std::string(keyword.text) + " marker", trim_next)) return false;
  part.range = range_from(open.start);
  parts.push_back(std::move(part));
  return true;
}

ExpressionPtr Parser::build_template(std::vector<TemplatePart>& parts, const SourceRange& range,
                                     bool may_wrap) {
  if (may_wrap && parts.size() == 2 && parts[0].kind == TemplatePart::Kind::Interpolation) {
    return std::make_shared<Wrapped>(range, parts[0].expression, Wrapped::By::Interpolation);
  }
  size_t index = 0;
  std::vector<ExpressionPtr> into;
  if (!build_parts(parts, index, TemplatePart::Kind::End, into)) return nullptr;
  if (into.empty()) return std::make_shared<Literal>(range, value::Value::string(""));
  if (into.size() == 1) {
    if (const auto* literal = dynamic_cast<const Literal*>(into[0].get());
        literal != nullptr && literal->value().type() == value::Type::string()) {
      return std::make_shared<Literal>(range, literal->value());
    }
  }
  return std::make_shared<Template>(range, std::move(into));
}

// Parts up to what ends `opener` (End for the whole template), which is left for the caller.
bool Parser::build_parts(std::vector<TemplatePart>& parts, size_t& index,
                         TemplatePart::Kind opener, std::vector<ExpressionPtr>& into) {
  using Kind = TemplatePart::Kind;
  while (true) {
    TemplatePart& part = parts[index];
    switch (part.kind) {
      case Kind::Literal: {
        // Lines of a heredoc are parts of their own only for trimming.
        std::string text;
        SourceRange range = part.range;
        for (; parts[index].kind == Kind::Literal; ++index) {
          text += parts[index].text;
          range.end = parts[index].range.end;
        }
        if (text.empty()) break;
        into.push_back(std::make_shared<Literal>(range, value::Value::string(std::move(text))));
        break;
      }
      case Kind::Interpolation:
        into.push_back(part.expression);
        ++index;
        break;
      case Kind::If:
      case Kind::For: {
        ++depth_;
        ExpressionPtr nested;
        if (depth_ > 100) {
          fail("Expression nested too deeply", "Too many directives inside each other.",
               part.range);
        } else {
          nested = part.kind == Kind::If ? build_if(parts, index) : build_for(parts, index);
        }
        --depth_;
        if (nested == nullptr) return false;
        into.push_back(std::move(nested));
        break;
      }
      default: {
        const bool ends = part.kind == opener || (part.kind == Kind::EndIf && opener == Kind::If) ||
                          (part.kind == Kind::Else && opener == Kind::If) ||
                          (part.kind == Kind::EndIf && opener == Kind::Else) ||
                          (part.kind == Kind::EndFor && opener == Kind::For);
        if (ends && !(part.kind == Kind::Else && opener == Kind::Else)) return true;
        if (part.kind == Kind::End) {
          fail("Unexpected end of template",
               std::string("The directive \"") + directive_name(opener) +
                   "\" is not closed before the template ends.",
               part.range);
        } else {
          fail(std::string("Unexpected ") + directive_name(part.kind) + " directive",
               "The control directives of this template are unbalanced.", part.range);
        }
        return false;
      }
    }
  }
}

ExpressionPtr Parser::build_if(std::vector<TemplatePart>& parts, size_t& index) {
  const TemplatePart open = parts[index++];
  SourceRange range = open.range;
  std::vector<ExpressionPtr> yes;
  std::vector<ExpressionPtr> no;
  if (!build_parts(parts, index, TemplatePart::Kind::If, yes)) return nullptr;
  if (parts[index].kind == TemplatePart::Kind::Else) {
    ++index;
    if (!build_parts(parts, index, TemplatePart::Kind::Else, no)) return nullptr;
  }
  range.end = parts[index++].range.end;
  return std::make_shared<Conditional>(range, open.expression,
                                       std::make_shared<Template>(range, std::move(yes)),
                                       std::make_shared<Template>(range, std::move(no)));
}

ExpressionPtr Parser::build_for(std::vector<TemplatePart>& parts, size_t& index) {
  TemplatePart open = parts[index++];
  SourceRange range = open.range;
  std::vector<ExpressionPtr> body;
  if (!build_parts(parts, index, TemplatePart::Kind::For, body)) return nullptr;
  range.end = parts[index++].range.end;
  open.loop.value = std::make_shared<Template>(range, std::move(body));
  return std::make_shared<TemplateJoin>(range,
                                        std::make_shared<For>(range, std::move(open.loop)));
}

}  // namespace farm::hcl2
