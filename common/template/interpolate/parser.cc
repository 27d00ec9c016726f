#include "common/template/interpolate/parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/base/diagnostic.h"
#include "common/template/interpolate/function_table.h"
#include "common/template/interpolate/lexer.h"
#include "common/template/interpolate/quote.h"

namespace farm::interpolate {
namespace {

// Bounds the recursion of parser, evaluator and destructors; people write at most three levels.
constexpr int kMaxDepth = 100;

/// ` (did you mean "user"?)`, or nothing.
std::string similar_function(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& family : {builtin_functions(), packer_functions()}) {
    for (const FunctionEntry& entry : family) names.emplace_back(entry.name);
  }
  const std::string near = nearest_name(name, names);
  return near.empty() ? "" : fmt::format(" (did you mean {}?)", quote(near));
}

class Parser {
 public:
  Parser(std::string_view text, const std::function<bool(std::string_view)>& is_function)
      : text_(text), tokens_(tokenize(text)), is_function_(is_function) {}

  Result<Tree> run() {
    tree_.text = text_;
    EndedBy ended;
    TRY(statements(tree_.main, Where::Top, ended));
    if (ended.word == "end" || ended.word == "else") {
      return failure(fmt::format("unexpected {{{{{}}}}}", ended.word));
    }
    return std::move(tree_);
  }

 private:
  enum class Where { Top, Inside };
  /// What stopped a list of statements: "end", "else" or, at the end of the input, nothing.
  struct EndedBy {
    std::string_view word;
    std::string_view next_word;  // behind else: "if" or "with"
  };

  const Token& peek() const { return tokens_.list[at_]; }
  const Token& next() { return at_ + 1 < tokens_.list.size() ? tokens_.list[at_++] : peek(); }
  void skip_space() {
    while (peek().kind == TokenKind::Space) next();
  }
  const Token& peek_solid() {
    skip_space();
    return peek();
  }

  Error failure(std::string message) const {
    const size_t offset = std::min<size_t>(tokens_.list[at_].offset, text_.size());
    const auto lines = std::count(text_.begin(), text_.begin() + static_cast<long>(offset), '\n');
    return invalid_input(fmt::format("template: root:{}: {}", lines + 1, message));
  }

  Error unexpected(const Token& token, std::string_view where) const {
    if (token.kind == TokenKind::Error) return failure(tokens_.error);
    return failure(fmt::format("unexpected {} in {}", describe(token), where));
  }

  Result<void> statements(Block& into, Where where, EndedBy& ended) {
    if (++depth_ > kMaxDepth) {
      return failure(fmt::format("nested more than {} levels deep", kMaxDepth));
    }
    while (true) {
      const Token& token = peek();
      if (token.kind == TokenKind::End) {
        if (where == Where::Inside) return failure("unexpected EOF");
        break;
      }
      if (token.kind == TokenKind::Text) {
        Statement& statement = into.emplace_back();
        statement.offset = token.offset;
        statement.text = token.text;
        next();
        continue;
      }
      if (token.kind != TokenKind::LeftDelim) return unexpected(token, "input");
      TRY(action(into, where, ended));
      if (!ended.word.empty()) break;
    }
    --depth_;
    return {};
  }

  Result<void> action(Block& into, Where where, EndedBy& ended) {
    const size_t start = next().offset;
    const Token& token = peek_solid();
    if (token.kind == TokenKind::Keyword) {
      next();
      return keyword(into, token, where, ended);
    }
    Statement statement;
    statement.kind = Statement::Kind::Action;
    statement.offset = token.offset;
    statement.pipe = TRY(pipeline("command", TokenKind::RightDelim));
    const Token& last = tokens_.list[at_ - 1];
    statement.text = text_.substr(start, last.offset + last.text.size() - start);
    into.push_back(std::move(statement));
    return {};
  }

  Result<void> keyword(Block& into, const Token& word, Where where, EndedBy& ended) {
    if (word.text == "end") {
      TRY(close_action("end"));
      ended.word = "end";
      return {};
    }
    if (word.text == "else") return else_action(ended);
    if (word.text == "if") return control(into, Statement::Kind::If, word);
    if (word.text == "range") return control(into, Statement::Kind::Range, word);
    if (word.text == "with") return control(into, Statement::Kind::With, word);
    if (word.text == "template") return template_action(into);
    if (word.text == "block") return block_action(into, word);
    if (word.text == "define") {
      if (where != Where::Top) return unexpected(word, "command");
      return define_action();
    }
    return loop_exit(into, word);
  }

  Result<void> close_action(std::string_view where) {
    const Token& token = peek_solid();
    if (token.kind != TokenKind::RightDelim) return unexpected(token, where);
    next();
    return {};
  }

  Result<void> else_action(EndedBy& ended) {
    ended.word = "else";
    const Token& token = peek_solid();
    if (token.kind == TokenKind::Keyword && (token.text == "if" || token.text == "with")) {
      ended.next_word = token.text;
      return {};
    }
    return close_action("else");
  }

  Result<void> loop_exit(Block& into, const Token& word) {
    if (range_depth_ == 0) {
      return failure(fmt::format("{{{{{}}}}} outside {{{{range}}}}", word.text));
    }
    TRY(close_action(fmt::format("{{{{{}}}}}", word.text)));
    Statement& statement = into.emplace_back();
    statement.kind =
        word.text == "break" ? Statement::Kind::Break : Statement::Kind::Continue;
    statement.offset = word.offset;
    return {};
  }

  Result<void> control(Block& into, Statement::Kind kind, const Token& word) {
    Statement statement;
    statement.kind = kind;
    statement.offset = word.offset;
    const size_t outer_variables = variables_.size();
    const bool is_range = kind == Statement::Kind::Range;
    statement.pipe = TRY(pipeline(word.text, TokenKind::RightDelim));
    EndedBy ended;
    range_depth_ += is_range ? 1 : 0;
    TRY(statements(statement.body, Where::Inside, ended));
    range_depth_ -= is_range ? 1 : 0;
    if (ended.word == "else") TRY(else_branch(statement, word.text, ended));
    variables_.resize(outer_variables);
    into.push_back(std::move(statement));
    return {};
  }

  Result<void> else_branch(Statement& statement, std::string_view kind, EndedBy ended) {
    if (!ended.next_word.empty()) {
      if (ended.next_word != kind) return unexpected(peek(), "else");
      const Token& word = next();
      if (++depth_ > kMaxDepth) return failure("too many else branches");
      TRY(control(statement.otherwise, statement.kind, word));
      --depth_;
      return {};
    }
    EndedBy second;
    TRY(statements(statement.otherwise, Where::Inside, second));
    if (second.word != "end") return failure("expected end; found {{else}}");
    return {};
  }

  Result<std::string> template_name(std::string_view where) {
    const Token& token = peek_solid();
    if (token.kind != TokenKind::String && token.kind != TokenKind::RawString) {
      return unexpected(token, where);
    }
    next();
    std::optional<std::string> name = unquote(token.text);
    if (!name) return failure("invalid syntax");
    return std::move(*name);
  }

  Result<void> template_action(Block& into) {
    Statement statement;
    statement.kind = Statement::Kind::Template;
    statement.offset = peek_solid().offset;
    statement.text = TRY(template_name("template clause"));
    if (peek_solid().kind == TokenKind::RightDelim) {
      next();
    } else {
      statement.pipe = TRY(pipeline("template clause", TokenKind::RightDelim));
    }
    into.push_back(std::move(statement));
    return {};
  }

  Result<void> named_body(const std::string& name, std::string_view where) {
    const std::vector<std::string> outer = std::exchange(variables_, {"$"});
    const int outer_ranges = std::exchange(range_depth_, 0);
    Block body;
    EndedBy ended;
    TRY(statements(body, Where::Inside, ended));
    if (ended.word != "end") return failure(fmt::format("unexpected {{{{else}}}} in {}", where));
    variables_ = outer;
    range_depth_ = outer_ranges;
    tree_.named.insert_or_assign(name, std::move(body));
    return {};
  }

  Result<void> define_action() {
    const std::string name = TRY(template_name("define clause"));
    TRY(close_action("define clause"));
    return named_body(name, "define clause");
  }

  Result<void> block_action(Block& into, const Token& word) {
    Statement statement;
    statement.kind = Statement::Kind::Template;
    statement.offset = word.offset;
    statement.text = TRY(template_name("block clause"));
    statement.pipe = TRY(pipeline("block clause", TokenKind::RightDelim));
    TRY(named_body(statement.text, "block clause"));
    into.push_back(std::move(statement));
    return {};
  }

  /// `$x :=`, `$x =`, `$i, $x :=` in front of a pipeline, if it is there.
  Result<void> declarations(Pipe& pipe, std::string_view where) {
    if (peek_solid().kind != TokenKind::Variable) return {};
    const size_t back = at_;
    std::vector<std::string> names{std::string(next().text)};
    if (where == "range" && peek_solid().kind == TokenKind::Other && peek().text == ",") {
      next();
      if (peek_solid().kind != TokenKind::Variable) {
        return failure("range can only initialize variables");
      }
      names.emplace_back(next().text);
    }
    const Token& sign = peek_solid();
    if (sign.kind == TokenKind::Other && sign.text == ",") {
      return failure(fmt::format("too many declarations in {}", where));
    }
    if (sign.kind != TokenKind::Declare && sign.kind != TokenKind::Assign) {
      at_ = back;
      return {};
    }
    pipe.assigns = sign.kind == TokenKind::Assign;
    next();
    pipe.variables = names;
    for (const std::string& name : names) {
      if (pipe.assigns && !knows_variable(name)) {
        return failure(fmt::format("undefined variable {}", quote(name)));
      }
      if (!pipe.assigns) variables_.push_back(name);
    }
    return {};
  }

  bool knows_variable(const std::string& name) const {
    return std::find(variables_.begin(), variables_.end(), name) != variables_.end();
  }

  Result<std::unique_ptr<Pipe>> pipeline(std::string_view where, TokenKind end) {
    auto pipe = std::make_unique<Pipe>();
    pipe->offset = peek_solid().offset;
    TRY(declarations(*pipe, where));
    while (true) {
      const Token& token = peek_solid();
      if (token.kind == end) {
        next();
        break;
      }
      if (!starts_operand(token.kind)) return unexpected(token, where);
      TRY(command(*pipe));
    }
    if (pipe->commands.empty()) return failure(fmt::format("missing value for {}", where));
    for (size_t i = 1; i < pipe->commands.size(); ++i) {
      const Operand::Kind kind = pipe->commands[i].operands.front().kind;
      const bool constant = kind == Operand::Kind::Bool || kind == Operand::Kind::Dot ||
                            kind == Operand::Kind::Nil || kind == Operand::Kind::Integer ||
                            kind == Operand::Kind::Float || kind == Operand::Kind::String;
      if (constant) {
        return failure(fmt::format("non executable command in pipeline stage {}", i + 1));
      }
    }
    return pipe;
  }

  static bool starts_operand(TokenKind kind) {
    switch (kind) {
      case TokenKind::Bool:
      case TokenKind::Char:
      case TokenKind::Number:
      case TokenKind::String:
      case TokenKind::RawString:
      case TokenKind::Field:
      case TokenKind::Variable:
      case TokenKind::Identifier:
      case TokenKind::Dot:
      case TokenKind::Nil:
      case TokenKind::LeftParen:
        return true;
      default:
        return false;
    }
  }

  Result<void> command(Pipe& pipe) {
    Command command;
    command.offset = peek_solid().offset;
    while (true) {
      if (!starts_operand(peek_solid().kind)) return unexpected(peek(), "operand");
      Operand operand = TRY(this->operand());
      command.operands.push_back(std::move(operand));
      const Token& token = peek();
      if (token.kind == TokenKind::Space) {
        skip_space();
        if (starts_operand(peek().kind)) continue;
      }
      break;
    }
    const Token& token = peek();
    if (token.kind == TokenKind::Pipe) {
      next();  // a pipe with nothing behind it is allowed, as in Go
    } else if (token.kind != TokenKind::RightDelim && token.kind != TokenKind::RightParen) {
      return unexpected(token, "operand");
    }
    pipe.commands.push_back(std::move(command));
    return {};
  }

  Result<Operand> operand() {
    Operand operand = TRY(term());
    if (peek().kind != TokenKind::Field && peek().kind != TokenKind::Dot) return operand;
    switch (operand.kind) {
      case Operand::Kind::Field:
      case Operand::Kind::Variable:
      case Operand::Kind::Pipe:
      case Operand::Kind::Function:
        break;
      default:
        return failure(fmt::format("unexpected . after term {}", quote(operand.str())));
    }
    while (peek().kind == TokenKind::Field) operand.fields.emplace_back(next().text.substr(1));
    return operand;
  }

  Result<Operand> term() {
    const Token& token = next();
    Operand operand;
    operand.offset = token.offset;
    operand.text = token.text;
    switch (token.kind) {
      case TokenKind::Dot:
        operand.kind = Operand::Kind::Dot;
        return operand;
      case TokenKind::Nil:
        operand.kind = Operand::Kind::Nil;
        return operand;
      case TokenKind::Bool:
        operand.kind = Operand::Kind::Bool;
        operand.boolean = token.text == "true";
        return operand;
      case TokenKind::Field:
        operand.kind = Operand::Kind::Field;
        operand.fields.emplace_back(token.text.substr(1));
        return operand;
      case TokenKind::Variable:
        operand.kind = Operand::Kind::Variable;
        if (!knows_variable(operand.text)) {
          return failure(fmt::format("undefined variable {}", quote(operand.text)));
        }
        return operand;
      case TokenKind::Identifier:
        operand.kind = Operand::Kind::Function;
        if (!is_function_(token.text)) {
          return failure(fmt::format("function {} not defined{}", quote(operand.text),
                                     similar_function(operand.text)));
        }
        return operand;
      case TokenKind::LeftParen:
        operand.kind = Operand::Kind::Pipe;
        if (++depth_ > kMaxDepth) {
          return failure(fmt::format("nested more than {} levels deep", kMaxDepth));
        }
        operand.pipe = TRY(pipeline("parenthesized pipeline", TokenKind::RightParen));
        --depth_;
        return operand;
      default:
        return constant(token, std::move(operand));
    }
  }

  Result<Operand> constant(const Token& token, Operand operand) {
    if (token.kind == TokenKind::String || token.kind == TokenKind::RawString) {
      operand.kind = Operand::Kind::String;
      std::optional<std::string> text = unquote(token.text);
      if (!text) return failure("invalid syntax");
      operand.string = std::move(*text);
      return operand;
    }
    if (token.kind == TokenKind::Char) {
      const std::optional<int64_t> code = unquote_char(token.text);
      if (!code) return failure(fmt::format("malformed character constant: {}", token.text));
      operand.kind = Operand::Kind::Integer;
      operand.integer = *code;
      return operand;
    }
    return number(std::move(operand));
  }

  Result<Operand> number(Operand operand) {
    if (std::optional<std::string> problem = read_number(operand)) {
      return failure(std::move(*problem));
    }
    return operand;
  }

  std::string_view text_;
  Tokens tokens_;
  const std::function<bool(std::string_view)>& is_function_;
  Tree tree_;
  size_t at_ = 0;
  int depth_ = 0;
  int range_depth_ = 0;
  std::vector<std::string> variables_ = {"$"};
};

}  // namespace

Result<Tree> parse(std::string_view text,
                   const std::function<bool(std::string_view)>& is_function) {
  return Parser(text, is_function).run();
}

}  // namespace farm::interpolate
