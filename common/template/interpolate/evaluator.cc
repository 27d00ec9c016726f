#include "common/template/interpolate/evaluator.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "common/template/interpolate/function_table.h"
#include "common/template/interpolate/quote.h"

namespace farm::interpolate {
namespace {

// Real templates take a few hundred.
constexpr int kMaxSteps = 200'000;
constexpr int kMaxTemplateDepth = 50;

class Evaluator {
 public:
  Evaluator(const Tree& tree, const Context& context) : tree_(tree), context_(context) {
    Cell::Map data;
    for (const auto& [name, value] : context.data) data.emplace(name, Cell::from(value));
    if (!data.empty()) data_ = Cell::map(std::move(data));
  }

  Result<std::string> run() {
    variables_.emplace_back("$", data_);
    TRY(block(tree_.main, data_));
    return std::move(out_);
  }

 private:
  enum class Exit { None, Break, Continue };
  using Final = const Cell*;  // the piped value, when there is one

  // ---- errors -----------------------------------------------------------------------------

  template <class Node>
  void at(const Node& node) {
    place_ = &node;
    place_offset_ = node.offset;
    place_text_ = [](const void* place) { return static_cast<const Node*>(place)->str(); };
  }

  Error failure(std::string message) const {
    const std::string_view before = std::string_view(tree_.text).substr(0, place_offset_);
    const size_t newline = before.rfind('\n');
    const size_t column =
        newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
    return invalid_input(fmt::format("template: root:{}:{}: executing {} at <{}>: {}",
                                     std::count(before.begin(), before.end(), '\n') + 1, column,
                                     quote(name_),
                                     place_text_(place_), message));
  }

  Result<void> step() {
    if (++steps_ > kMaxSteps) return failure("the template takes too many steps");
    return {};
  }

  Result<void> made(size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > kMaxBytes) return failure("the result is too long");
    return {};
  }

  // ---- statements -------------------------------------------------------------------------

  Result<void> block(const Block& statements, const Cell& dot) {
    const size_t outer = variables_.size();
    for (const Statement& statement : statements) {
      at(statement);
      TRY(step());
      TRY(run_statement(statement, dot));
      if (exit_ != Exit::None) break;
    }
    // Go keeps a control structure's own variables until its end and drops the block's here.
    variables_.resize(outer);
    return {};
  }

  Result<void> run_statement(const Statement& statement, const Cell& dot) {
    switch (statement.kind) {
      case Statement::Kind::Text:
        TRY(made(statement.text.size()));
        out_ += statement.text;
        return {};
      case Statement::Kind::Action:
        return action(statement, dot);
      case Statement::Kind::If:
      case Statement::Kind::With:
        return branch(statement, dot);
      case Statement::Kind::Range:
        return range(statement, dot);
      case Statement::Kind::Template:
        return invoke(statement, dot);
      case Statement::Kind::Break:
        exit_ = Exit::Break;
        return {};
      case Statement::Kind::Continue:
        exit_ = Exit::Continue;
        return {};
    }
    return {};
  }

  Result<void> action(const Statement& statement, const Cell& dot) {
    const Pipe& pipe = *statement.pipe;
    if (context_.keep_dot_fields && is_field_alone(pipe)) {
      out_ += statement.text;
      return made(statement.text.size());
    }
    const Cell value = TRY(pipeline(pipe, dot));
    if (!pipe.variables.empty()) return {};
    const std::string text = value.is_nothing() ? "<no value>" : value.str();
    TRY(made(text.size()));
    out_ += text;
    return {};
  }

  static bool is_field_alone(const Pipe& pipe) {
    return pipe.variables.empty() && pipe.commands.size() == 1 &&
           pipe.commands[0].operands.size() == 1 &&
           pipe.commands[0].operands[0].kind == Operand::Kind::Field;
  }

  Result<void> branch(const Statement& statement, const Cell& dot) {
    const size_t outer = variables_.size();
    const Cell value = TRY(pipeline(*statement.pipe, dot));
    const bool is_with = statement.kind == Statement::Kind::With;
    if (value.truth()) {
      TRY(block(statement.body, is_with ? value : dot));
    } else {
      TRY(block(statement.otherwise, dot));
    }
    variables_.resize(outer);
    return {};
  }

  Result<void> range(const Statement& statement, const Cell& dot) {
    const size_t outer = variables_.size();
    const Cell value = TRY(pipeline(*statement.pipe, dot));
    bool any = false;
    if (const Cell::List* list = value.elements()) {
      for (size_t i = 0; i < list->size() && exit_ != Exit::Break; ++i) {
        any = true;
        TRY(range_round(statement, Cell(static_cast<int64_t>(i)), (*list)[i]));
      }
    } else if (const Cell::Map* map = value.entries()) {
      for (const auto& [key, element] : *map) {
        if (exit_ == Exit::Break) break;
        any = true;
        TRY(range_round(statement, Cell(key), element));
      }
    } else if (const int64_t* count = value.integer()) {
      for (int64_t i = 0; i < *count && exit_ != Exit::Break; ++i) {
        any = true;
        TRY(range_round(statement, Cell(i), Cell(i)));
      }
    } else if (!value.is_nothing()) {
      return failure("range can't iterate over " + value.str());
    }
    exit_ = Exit::None;
    if (!any) TRY(block(statement.otherwise, dot));
    variables_.resize(outer);
    return {};
  }

  Result<void> range_round(const Statement& statement, const Cell& index, const Cell& element) {
    const std::vector<std::string>& names = statement.pipe->variables;
    const size_t outer = variables_.size();
    if (names.size() == 1) TRY(set_variable(*statement.pipe, names[0], element));
    if (names.size() == 2) {
      TRY(set_variable(*statement.pipe, names[0], index));
      TRY(set_variable(*statement.pipe, names[1], element));
    }
    exit_ = Exit::None;
    TRY(step());
    TRY(block(statement.body, element));
    variables_.resize(outer);
    return {};
  }

  Result<void> invoke(const Statement& statement, const Cell& dot) {
    const auto found = tree_.named.find(statement.text);
    if (found == tree_.named.end()) {
      return failure("template \"" + statement.text + "\" not defined");
    }
    if (++template_depth_ > kMaxTemplateDepth) {
      return failure(fmt::format("exceeded maximum template depth ({})", kMaxTemplateDepth));
    }
    Cell argument;
    if (statement.pipe) argument = TRY(pipeline(*statement.pipe, dot));
    auto outer_variables =
        std::exchange(variables_, std::vector<std::pair<std::string, Cell>>{{"$", argument}});
    const std::string outer_name = std::exchange(name_, statement.text);
    TRY(block(found->second, argument));
    variables_ = std::move(outer_variables);
    name_ = outer_name;
    --template_depth_;
    return {};
  }

  // ---- variables --------------------------------------------------------------------------

  Result<void> set_variable(const Pipe& pipe, const std::string& name, const Cell& value) {
    if (!pipe.assigns) {
      variables_.emplace_back(name, value);
      return {};
    }
    const auto found = find_variable(name);
    if (found == nullptr) return failure("undefined variable: " + name);
    *found = value;
    return {};
  }

  Cell* find_variable(const std::string& name) {
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [&](const auto& entry) { return entry.first == name; });
    return found == variables_.rend() ? nullptr : &found->second;
  }

  // ---- pipelines and commands -------------------------------------------------------------

  Result<Cell> pipeline(const Pipe& pipe, const Cell& dot) {
    at(pipe);
    Cell value;
    bool first = true;
    for (const Command& command : pipe.commands) {
      value = TRY(run_command(command, dot, first ? nullptr : &value));
      first = false;
    }
    // range sets its variables itself, once per round.
    if (pipe.variables.size() == 1) TRY(set_variable(pipe, pipe.variables[0], value));
    return value;
  }

  Result<Cell> run_command(const Command& command, const Cell& dot, Final final) {
    TRY(step());
    const Operand& first = command.operands.front();
    switch (first.kind) {
      case Operand::Kind::Function: {
        const Cell value = TRY(function(first, &command, dot, final));
        return fields(first, value);
      }
      case Operand::Kind::Field:
        at(first);
        return field_chain(first, dot, command, final);
      case Operand::Kind::Variable: {
        at(first);
        const Cell* found = find_variable(first.text);
        if (found == nullptr) return failure("undefined variable: " + first.text);
        if (first.fields.empty()) TRY(not_a_function(command, final));
        const Cell value = *found;
        return field_chain(first, value, command, final);
      }
      default:
        at(first);
        TRY(not_a_function(command, final));
        if (first.kind == Operand::Kind::Nil) return failure("nil is not a command");
        return operand(first, dot);
    }
  }

  Result<void> not_a_function(const Command& command, Final final) {
    if (command.operands.size() > 1 || final != nullptr) {
      return failure("can't give argument to non-function " + command.operands.front().str());
    }
    return {};
  }

  Result<Cell> field_chain(const Operand& operand, const Cell& start, const Command& command,
                           Final final) {
    const bool has_arguments = command.operands.size() > 1 || final != nullptr;
    if (has_arguments && !operand.fields.empty() && !start.is_nothing()) {
      return failure(operand.fields.back() + " is not a method but has arguments");
    }
    return fields(operand, start);
  }

  Result<Cell> fields(const Operand& operand, Cell value) {
    for (const std::string& name : operand.fields) {
      if (value.is_nothing()) return Cell();
      const Cell::Map* map = value.entries();
      if (map == nullptr) {
        return failure(
            fmt::format("can't evaluate field {} in type {}", name, value.type_name()));
      }
      const auto found = map->find(name);
      if (found == map->end() && context_.missing_field_is_error) {
        return failure(fmt::format("can't evaluate field {}: there is no such value here", name));
      }
      Cell next = found == map->end() ? Cell() : found->second;
      value = std::move(next);
    }
    return value;
  }

  /// The value of an operand that is an argument or a command of its own.
  Result<Cell> operand(const Operand& operand, const Cell& dot) {
    TRY(step());
    switch (operand.kind) {
      case Operand::Kind::Dot:
        return dot;
      case Operand::Kind::Nil:
        return Cell();
      case Operand::Kind::Bool:
        return Cell(operand.boolean);
      case Operand::Kind::Integer:
        return Cell(operand.integer);
      case Operand::Kind::Float:
        return Cell(operand.real);
      case Operand::Kind::String:
        return Cell(operand.string);
      case Operand::Kind::Field:
        at(operand);
        return fields(operand, dot);
      case Operand::Kind::Variable: {
        at(operand);
        const Cell* found = find_variable(operand.text);
        if (found == nullptr) return failure("undefined variable: " + operand.text);
        return fields(operand, *found);
      }
      case Operand::Kind::Function: {
        const Cell value = TRY(function(operand, nullptr, dot, nullptr));
        return fields(operand, value);
      }
      case Operand::Kind::Pipe: {
        const Cell value = TRY(pipeline(*operand.pipe, dot));
        return fields(operand, value);
      }
    }
    return Cell();
  }

  // ---- calls ------------------------------------------------------------------------------

  /// Calls the function named by `name`; `command` holds its arguments, null when the name stands
  /// alone as an argument.
  Result<Cell> function(const Operand& name, const Command* command, const Cell& dot,
                        Final final) {
    at(name);
    const size_t given = (command == nullptr ? 0 : command->operands.size() - 1) +
                         (final == nullptr ? 0 : 1);
    const FunctionEntry* entry = find_function(name.text);
    const auto extra = context_.extra.find(name.text);
    if (entry == nullptr && extra == context_.extra.end()) {
      return failure("\"" + name.text + "\" is not a defined function");
    }
    const FunctionEntry own{name.text, "ss*", nullptr};
    if (extra != context_.extra.end()) entry = &own;
    TRY(check_count(*entry, given));
    if (name.text == "and" || name.text == "or") return lazy(*command, dot, final);
    std::vector<Cell> arguments;
    for (size_t i = 0; i + (final == nullptr ? 0 : 1) < given; ++i) {
      Cell value = TRY(argument(command->operands[i + 1], entry->parameter(i), dot));
      arguments.push_back(std::move(value));
    }
    if (final != nullptr) {
      TRY(check_type(*final, entry->parameter(given - 1)));
      arguments.push_back(*final);
    }
    Result<Cell> result = extra == context_.extra.end() ? entry->call(arguments, context_)
                                                        : call_extra(extra->second, arguments);
    if (command != nullptr) {
      at(*command);
    } else {
      at(name);
    }
    if (!result) {
      Error error =
          failure(fmt::format("error calling {}: {}", name.text, result.error().message));
      error.code = result.error().code;
      error.retryable = result.error().retryable;
      return error;
    }
    if (const std::string* text = result->string()) TRY(made(text->size()));
    return result;
  }

  template <class Call>
  static Result<Cell> call_extra(const Call& call, const std::vector<Cell>& arguments) {
    std::vector<std::string> words;
    for (const Cell& argument : arguments) words.push_back(*argument.string());
    std::string text = TRY(call(words));
    return Cell(std::move(text));
  }

  Result<void> check_count(const FunctionEntry& entry, size_t given) {
    const std::string_view name = entry.name;
    if (entry.variadic() && given < entry.fixed()) {
      return failure(fmt::format("wrong number of args for {}: want at least {} got {}", name,
                                 entry.fixed(), given));
    }
    if (!entry.variadic() && given != entry.fixed()) {
      return failure(fmt::format("wrong number of args for {}: want {} got {}", name,
                                 entry.fixed(), given));
    }
    return {};
  }

  /// `and` and `or` stop at the first argument that decides.
  Result<Cell> lazy(const Command& command, const Cell& dot, Final final) {
    const bool stop_at = command.operands.front().text == "or";
    Cell value;
    for (size_t i = 1; i < command.operands.size(); ++i) {
      value = TRY(argument(command.operands[i], 'a', dot));
      if (value.truth() == stop_at) return value;
    }
    return final != nullptr ? *final : value;
  }

  Result<Cell> argument(const Operand& operand, char parameter, const Cell& dot) {
    at(operand);
    using Kind = Operand::Kind;
    if (parameter == 's') {
      if (operand.kind == Kind::Nil) return failure("cannot assign nil to string");
      if (operand.kind == Kind::Bool || operand.kind == Kind::Integer ||
          operand.kind == Kind::Float) {
        return failure("expected string; found " + operand.str());
      }
    }
    if (parameter == 'i') {
      if (operand.kind == Kind::Nil) return failure("cannot assign nil to int");
      if (operand.kind == Kind::Float && operand.is_integral) return Cell(operand.integer);
      if (operand.kind == Kind::Bool || operand.kind == Kind::String ||
          operand.kind == Kind::Float) {
        return failure("expected integer; found " + operand.str());
      }
    }
    Cell value = TRY(this->operand(operand, dot));
    TRY(check_type(value, parameter));
    return value;
  }

  Result<void> check_type(const Cell& value, char parameter) {
    if (parameter == 'a') return {};
    const std::string_view wanted = parameter == 's' ? "string" : "int";
    const bool fits = parameter == 's' ? value.string() != nullptr : value.integer() != nullptr;
    if (fits) return {};
    if (value.is_nothing()) return failure(fmt::format("invalid value; expected {}", wanted));
    return failure(fmt::format("wrong type for value; expected {}; got {}", wanted,
                               value.type_name()));
  }

  const Tree& tree_;
  const Context& context_;
  Cell data_;
  std::vector<std::pair<std::string, Cell>> variables_;
  std::string name_ = "root";
  std::string out_;
  Exit exit_ = Exit::None;
  int steps_ = 0;
  int template_depth_ = 0;
  size_t bytes_ = 0;
  // The node that errors name: the last one looked at.
  const void* place_ = nullptr;
  uint32_t place_offset_ = 0;
  std::string (*place_text_)(const void*) = [](const void*) { return std::string(); };
};

}  // namespace

Result<std::string> evaluate(const Tree& tree, const Context& context) {
  return Evaluator(tree, context).run();
}

}  // namespace farm::interpolate
