#include "ops/farmctl/upgrade/engine_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/template/interpolate/lexer.h"
#include "common/template/interpolate/parser.h"
#include "common/template/interpolate/quote.h"
#include "ops/farmctl/upgrade/hcl_text.h"

namespace farm::farmctl {

using interpolate::Block;
using interpolate::Command;
using interpolate::Operand;
using interpolate::Pipe;
using interpolate::Statement;
using interpolate::TokenKind;

/// A part of a string: text as it is, or HCL2 source (an interpolation, a directive).
struct EngineText::Piece {
  bool source = false;
  std::string text;
};

struct EngineText::Expr {
  enum class Type { Text, Number, Boolean };
  std::string code;
  Type type = Type::Text;
  std::optional<std::string> literal = std::nullopt;  // the text of a constant
};

namespace {

std::string interpolation(const std::string& code) { return "${" + code + "}"; }

/// Whether $x of another action is needed: then they must stay together.
bool uses_variable(const Pipe& pipe) {
  for (const Command& command : pipe.commands) {
    for (const Operand& operand : command.operands) {
      if (operand.kind == Operand::Kind::Variable) return true;
      if (operand.pipe && uses_variable(*operand.pipe)) return true;
    }
  }
  return false;
}

}  // namespace

std::string EngineText::join(const Pieces& pieces) {
  std::string out = "\"";
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].source) {
      out += pieces[i].text;
    } else {
      out += hcl_escape(pieces[i].text, i + 1 < pieces.size() ? pieces[i + 1].text : "");
    }
  }
  return out + "\"";
}

std::string EngineText::quoted(const std::string& text) {
  if (text.find("{{") == std::string::npos) return hcl_quote(text);
  keep_actions_ = true;
  const std::optional<std::string> converted = quoted_wholly(text);
  keep_actions_ = false;
  return converted ? *converted : join(rewrite_calls(text));
}

std::optional<std::string> EngineText::quoted_wholly(const std::string& text) {
  if (text.find("{{") == std::string::npos) return hcl_quote(text);
  // Any name may be called here: what it means is decided by the conversion.
  const Result<interpolate::Tree> tree =
      interpolate::parse(text, [](std::string_view) { return true; });
  if (!tree || !tree->named.empty()) return std::nullopt;
  const std::optional<Pieces> pieces = convert(tree->main);
  if (!pieces) return std::nullopt;
  return join(*pieces);
}

std::vector<std::string> EngineText::take_unhandled() { return std::exchange(unhandled_, {}); }

std::optional<EngineText::Pieces> EngineText::convert(const Block& block) {
  Pieces pieces;
  for (const Statement& statement : block) {
    if (!convert_statement(statement, pieces)) return std::nullopt;
  }
  return pieces;
}

bool EngineText::convert_statement(const Statement& statement, Pieces& into) {
  if (statement.kind == Statement::Kind::Text) {
    into.push_back({false, statement.text});
    return true;
  }
  if (statement.kind == Statement::Kind::Action) {
    const Pipe& whole = *statement.pipe;
    const bool field = whole.variables.empty() && whole.commands.size() == 1 &&
                       whole.commands[0].operands.size() == 1 &&
                       whole.commands[0].operands[0].kind == Operand::Kind::Field;
    if (field) {  // filled in when the build runs
      into.push_back({false, "{{ " + whole.commands[0].operands[0].str() + " }}"});
      return true;
    }
    const std::optional<Expr> value = pipe(whole);
    if (!value && keep_actions_ && whole.variables.empty() && !uses_variable(whole)) {
      for (Piece& piece : rewrite_calls(statement.text)) into.push_back(std::move(piece));
      return true;
    }
    if (!value) return false;
    if (value->literal && value->literal->find("{{") != std::string::npos) {
      into.push_back({false, "{{ " + whole.str() + " }}"});  // still not to be taken for a word
    } else if (value->literal) {
      into.push_back({false, *value->literal});
    } else {
      into.push_back({true, interpolation(value->code)});
    }
    return true;
  }
  if (statement.kind != Statement::Kind::If || scope_.env_only) return false;
  const std::optional<std::string> when = condition(*statement.pipe);
  const std::optional<Pieces> body = convert(statement.body);
  const std::optional<Pieces> otherwise = convert(statement.otherwise);
  if (!when || !body || !otherwise) return false;
  into.push_back({true, "%{ if " + *when + " }"});
  into.insert(into.end(), body->begin(), body->end());
  if (!otherwise->empty()) {
    into.push_back({true, "%{ else }"});
    into.insert(into.end(), otherwise->begin(), otherwise->end());
  }
  into.push_back({true, "%{ endif }"});
  return true;
}

std::optional<EngineText::Expr> EngineText::pipe(const Pipe& pipe) {
  if (!pipe.variables.empty()) return std::nullopt;
  std::optional<Expr> value;
  for (const Command& step : pipe.commands) {
    value = command(step, std::move(value));
    if (!value) return std::nullopt;
  }
  return value;
}

std::optional<EngineText::Expr> EngineText::command(const Command& command,
                                                    std::optional<Expr> last) {
  const Operand& head = command.operands.front();
  if (head.kind != Operand::Kind::Function) {
    if (command.operands.size() > 1 || last) return std::nullopt;
    return operand(head);
  }
  std::vector<Expr> arguments;
  for (size_t i = 1; i < command.operands.size(); ++i) {
    std::optional<Expr> argument = operand(command.operands[i]);
    if (!argument) return std::nullopt;
    arguments.push_back(std::move(*argument));
  }
  if (last) arguments.push_back(std::move(*last));
  return call(head.text, arguments);
}

std::optional<EngineText::Expr> EngineText::operand(const Operand& operand) {
  if (!operand.fields.empty()) return std::nullopt;
  switch (operand.kind) {
    case Operand::Kind::String:
      return Expr{hcl_quote(operand.string), Expr::Type::Text, operand.string};
    case Operand::Kind::Integer: {
      const std::string digits = std::to_string(operand.integer);
      return Expr{digits, Expr::Type::Number, digits};
    }
    case Operand::Kind::Bool:
      return Expr{operand.text, Expr::Type::Boolean, operand.text};
    case Operand::Kind::Pipe: return pipe(*operand.pipe);
    case Operand::Kind::Function: return call(operand.text, {});
    default: return std::nullopt;
  }
}

std::optional<EngineText::Expr> EngineText::call(const std::string& name,
                                                 const std::vector<Expr>& arguments) {
  const auto text = [](std::string code) { return Expr{std::move(code), Expr::Type::Text}; };
  const bool one_name = arguments.size() == 1 && arguments[0].literal;
  if (name == "env") {
    if (!one_name || !scope_.environment) return std::nullopt;
    return text(scope_.environment(*arguments[0].literal));
  }
  if (scope_.env_only) return std::nullopt;
  if (name == "user") return one_name ? std::optional(text(scope_.user(*arguments[0].literal)))
                                      : std::nullopt;
  if (name == "build") {
    if (!one_name || !scope_.build_values) return std::nullopt;
    return text("build." + *arguments[0].literal);
  }
  if (arguments.empty()) {
    if (name == "timestamp") {
      used_timestamp_ = true;
      return text(scope_.timestamp);
    }
    if (name == "isotime") return text("legacy_isotime()");
    if (name == "uuid") return text("uuidv4()");
    if (name == "pwd") return text("path.cwd");
    if (name == "template_dir") return text("path.root");
    if (name == "packer_version") return text("packer.version");
    if (name == "build_name" && scope_.component) return text("source.name");
    if (name == "build_type" && scope_.component) return text("source.type");
    return std::nullopt;
  }
  if (std::optional<Expr> secret = call_secret(name, arguments)) return secret;
  return call_text(name, arguments);
}

std::optional<EngineText::Expr> EngineText::call_text(const std::string& name,
                                                      const std::vector<Expr>& arguments) {
  const auto text = [](std::string code) { return Expr{std::move(code), Expr::Type::Text}; };
  const auto types = [&](std::initializer_list<Expr::Type> wanted) {
    return std::equal(arguments.begin(), arguments.end(), wanted.begin(), wanted.end(),
                      [](const Expr& a, Expr::Type b) { return a.type == b; });
  };
  using enum Expr::Type;
  if (name == "isotime" && types({Text})) return text("legacy_isotime(" + arguments[0].code + ")");
  if (name == "strftime" && types({Text})) {
    return text("legacy_strftime(" + arguments[0].code + ")");
  }
  if ((name == "upper" || name == "lower") && types({Text})) {
    return text(name + "(" + arguments[0].code + ")");
  }
  if (name == "split" && types({Text, Text, Number})) {
    return text(fmt::format("split({}, {})[{}]", arguments[1].code, arguments[0].code,
                            arguments[2].code));
  }
  const bool all = name == "replace_all" && types({Text, Text, Text});
  const bool counted = name == "replace" && types({Text, Text, Number, Text}) &&
                       arguments[2].literal->starts_with('-');
  // replace() of HCL2 finds nothing for an empty text, the engine a place between all characters.
  if ((all || counted) && arguments[0].literal != "") {
    return text(fmt::format("replace({}, {}, {})", arguments.back().code, arguments[0].code,
                            arguments[1].code));
  }
  return std::nullopt;
}

std::optional<EngineText::Expr> EngineText::call_secret(const std::string& name,
                                                        const std::vector<Expr>& arguments) {
  if (!scope_.environment) return std::nullopt;  // secrets are for variables only
  if (name == "aws_secretsmanager" && arguments.size() == 1) {
    // Without a key: the one value of a JSON object, or the secret as it is.
    const std::string raw = fmt::format("aws_secretsmanager_raw({})", arguments[0].code);
    return Expr{fmt::format("try(values(jsondecode({0}))[0], {0})", raw), Expr::Type::Text};
  }
  size_t wanted = 0;
  if (name == "vault" || name == "aws_secretsmanager") wanted = 2;
  if (name == "consul_key" || name == "aws_secretsmanager_raw") wanted = 1;
  if (wanted == 0 || arguments.size() != wanted) return std::nullopt;
  std::string code = name + "(" + arguments[0].code;
  if (wanted == 2) code += ", " + arguments[1].code;
  return Expr{code + ")", Expr::Type::Text};
}

std::optional<std::string> EngineText::condition(const Pipe& pipe) {
  if (!pipe.variables.empty() || pipe.commands.size() != 1) return std::nullopt;
  return condition(pipe.commands.front());
}

std::optional<std::string> EngineText::condition(const Operand& operand) {
  if (operand.kind == Operand::Kind::Pipe && operand.fields.empty()) {
    return condition(*operand.pipe);
  }
  const std::optional<Expr> value = this->operand(operand);
  if (!value) return std::nullopt;
  if (value->type == Expr::Type::Boolean) return value->code;
  return value->code + (value->type == Expr::Type::Number ? " != 0" : " != \"\"");
}

std::optional<std::string> EngineText::condition(const Command& command) {
  const Operand& head = command.operands.front();
  const std::string word = head.kind == Operand::Kind::Function ? head.text : std::string();
  if (word == "and" || word == "or") {
    std::string joined;
    for (size_t i = 1; i < command.operands.size(); ++i) {
      const std::optional<std::string> part = condition(command.operands[i]);
      if (!part) return std::nullopt;
      joined += (joined.empty() ? "" : word == "and" ? " && " : " || ") + *part;
    }
    if (joined.empty()) return std::nullopt;
    return "(" + joined + ")";
  }
  if (word == "not" && command.operands.size() == 2) {
    const std::optional<std::string> part = condition(command.operands[1]);
    if (!part) return std::nullopt;
    return "!(" + *part + ")";
  }
  if (word == "eq" || word == "ne") {
    std::vector<Expr> sides;
    for (size_t i = 1; i < command.operands.size(); ++i) {
      std::optional<Expr> side = operand(command.operands[i]);
      if (!side || side->type != Expr::Type::Text) return std::nullopt;
      sides.push_back(std::move(*side));
    }
    if (sides.size() < 2 || (word == "ne" && sides.size() > 2)) return std::nullopt;
    std::string joined;
    for (size_t i = 1; i < sides.size(); ++i) {
      joined += (i == 1 ? "" : " || ") + sides[0].code + (word == "eq" ? " == " : " != ") +
                sides[i].code;
    }
    return sides.size() > 2 ? "(" + joined + ")" : joined;
  }
  const std::optional<Expr> value = this->command(command, std::nullopt);
  if (!value) return std::nullopt;
  if (value->type == Expr::Type::Boolean) return value->code;
  return value->code + (value->type == Expr::Type::Number ? " != 0" : " != \"\"");
}

/// The actions stay for the engine; only the calls that mean nothing there in HCL2 are replaced,
/// each by a constant of the engine that HCL2 fills in.
EngineText::Pieces EngineText::rewrite_calls(const std::string& text) {
  const interpolate::Tokens tokens = interpolate::tokenize(text);
  Pieces pieces;
  size_t done = 0;
  const auto replace = [&](size_t from, size_t to, const std::string& code) {
    if (from > done) pieces.push_back({false, text.substr(done, from - done)});
    pieces.push_back({true, interpolation("jsonencode(" + code + ")")});
    done = to;
  };
  const auto& list = tokens.list;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].kind != TokenKind::Identifier) continue;
    const std::string name(list[i].text);
    const size_t end = list[i].offset + list[i].text.size();
    if (name == "template_dir") {
      replace(list[i].offset, end, "path.root");
      continue;
    }
    if (name != "user" && name != "build" && name != "env") continue;
    size_t next = i + 1;
    while (next < list.size() && list[next].kind == TokenKind::Space) ++next;
    const bool constant = next < list.size() && (list[next].kind == TokenKind::String ||
                                                 list[next].kind == TokenKind::RawString);
    const std::optional<std::string> argument =
        constant ? interpolate::unquote(list[next].text) : std::nullopt;
    std::optional<Expr> value;
    if (argument) value = call(name, {Expr{"", Expr::Type::Text, *argument}});
    if (!value) {
      unhandled_.push_back("{{ " + name + " }} in " + hcl_quote(text));
      continue;
    }
    replace(list[i].offset, list[next].offset + list[next].text.size(), value->code);
  }
  if (!tokens.error.empty()) unhandled_.push_back(tokens.error + " in " + hcl_quote(text));
  if (done < text.size()) pieces.push_back({false, text.substr(done)});
  return pieces;
}

}  // namespace farm::farmctl
