// Evaluation of function calls: arguments, the lazy functions, templatefile.
#include <algorithm>

#include "common/template/hcl2/body.h"
#include "common/template/hcl2/budget.h"
#include "common/template/hcl2/syntax_tree.h"

namespace farm::hcl2 {

using functions::Function;
using functions::Parameter;
using value::Kind;
using value::Type;
using value::Value;

// The arguments of one call, parallel to the places they are written at.
struct FunctionCall::Evaluated {
  std::vector<Value> values;
  std::vector<SourceRange> ranges;
  bool known = true;  // no argument that decides the result is unknown
  bool sensitive = false;
};

namespace {

constexpr const char* kLazy[] = {"can", "convert", "try"};

const Parameter& parameter_of(const Function& function, size_t index) {
  return index < function.parameters.size() ? function.parameters[index] : *function.variadic;
}

size_t size_of(const Value& v) {
  if (v.is_null() || !v.is_known()) return sizeof(Value);
  switch (v.type().kind()) {
    case Kind::String: return v.as_string().size();
    case Kind::Bool:
    case Kind::Number: return sizeof(Value);
    default: return v.size() * sizeof(Value);
  }
}

// Values inside `v`, itself included; counting stops past `limit`.
uint64_t count_values(const Value& v, uint64_t limit) {
  if (v.is_null() || !v.is_known()) return 1;
  uint64_t count = 1;
  switch (v.type().kind()) {
    case Kind::Map:
    case Kind::Object:
      for (const auto& [key, element] : v.entries()) {
        if (count > limit) break;
        count += count_values(element, limit - count);
      }
      break;
    case Kind::List:
    case Kind::Set:
    case Kind::Tuple:
      for (const Value& element : v.elements()) {
        if (count > limit) break;
        count += count_values(element, limit - count);
      }
      break;
    default: break;
  }
  return count;
}

// Steps that a call takes beside its own: one per value that it walks over, where that is all of
// them, and for bcrypt what its cost says.
uint64_t work_of(const std::string& name, const std::vector<Value>& arguments, uint64_t limit) {
  static constexpr const char* kQuick[] = {"element", "length", "lookup"};
  if (std::find(std::begin(kQuick), std::end(kQuick), name) != std::end(kQuick)) return 0;
  if (name == "bcrypt") {
    const auto cost = arguments.size() > 1 ? arguments[1].as_number().to_int64() : 10;
    return 300ULL << std::clamp<int64_t>(cost.value_or(0), 0, 20);
  }
  uint64_t work = 0;
  for (const Value& argument : arguments) {
    if (work > limit) break;
    work += count_values(argument, limit - work) - 1;
  }
  return work;
}

// templatefile() renders its file with the evaluator; not inside such a file again.
class TemplateRenderer {
 public:
  TemplateRenderer(const EvalContext& context) : functions_(context.functions) {  // NOLINT
    functions_.render_template = [&context](const std::string& source, const std::string& name,
                                            const Value::Map& variables) {
      return render(source, name, variables, context);
    };
  }
  TemplateRenderer(const TemplateRenderer&) = delete;
  TemplateRenderer& operator=(const TemplateRenderer&) = delete;
  ~TemplateRenderer() { functions_.render_template = nullptr; }

 private:
  static Result<Value> render(const std::string& source, const std::string& name,
                              const Value::Map& variables, const EvalContext& context) {
    Diagnostics diagnostics;
    const ExpressionPtr expression = parse_template(source, name, diagnostics);
    Value v = Value::unknown();
    if (expression != nullptr && !diagnostics.has_errors()) {
      Scope scope;
      for (const auto& [variable, content] : variables) scope.set(variable, content);
      v = expression->evaluate({scope, context.functions, context.budget}, diagnostics);
    }
    for (const Diagnostic& item : diagnostics.items()) {
      if (item.severity != Severity::Error) continue;
      std::string place = name;
      if (item.subject) {
        place += ":" + std::to_string(item.subject->start.line) + "," +
                 std::to_string(item.subject->start.column);
      }
      return invalid_input(place + ": " + item.summary + "; " + item.detail);
    }
    return v;
  }

  functions::CallContext& functions_;
};

}  // namespace

std::optional<Expression::Call> FunctionCall::as_call() const {
  Call call{name_, name_range_, {}};
  for (const ExpressionPtr& argument : arguments_) call.arguments.push_back(argument.get());
  return call;
}

// The second argument of convert() is a type, not a value: its words are no references.
void FunctionCall::references(std::vector<Traversal>& into) const {
  const size_t count = name_ == "convert" ? std::min<size_t>(1, arguments_.size())
                                          : arguments_.size();
  for (size_t i = 0; i < count; ++i) arguments_[i]->references(into);
}

Value FunctionCall::evaluate(const EvalContext& context, Diagnostics& diagnostics) const {
  const EvaluationLevel level(context, range_, diagnostics);
  if (!level) return Value::unknown();
  if (name_ == "try") return evaluate_try(context, diagnostics);
  if (name_ == "can") return evaluate_can(context, diagnostics);
  if (name_ == "convert") return evaluate_convert(context, diagnostics);
  const auto& table = functions::function_table();
  const auto found = table.find(name_);
  const bool nested_file = name_ == "templatefile" && context.functions.render_template != nullptr;
  if (found == table.end() || nested_file) {
    std::vector<std::string> names(std::begin(kLazy), std::end(kLazy));
    for (const auto& [name, function] : table) names.push_back(name);
    const std::string near = nested_file ? "" : nearest_name(name_, names);
    diagnostics.error("Call to unknown function",
                      nested_file ? "templatefile() cannot be called in a file that it renders."
                                  : "There is no function named \"" + name_ + "\".",
                      name_range_, near.empty() ? "" : "Did you mean \"" + near + "\"?");
    return Value::unknown();
  }
  const Function& function = found->second;
  Evaluated arguments;
  if (!evaluate_arguments(context, diagnostics, arguments)) return Value::unknown();
  if (!arguments.known) return Value::unknown(function.result);
  if (!count_fits(function, arguments.values.size(), diagnostics)) return Value::unknown();
  if (!convert_arguments(function, diagnostics, arguments)) return Value::unknown();
  if (!arguments.known) {
    return Value::unknown(function.result).with_sensitive(arguments.sensitive);
  }
  const Value result = call(function, arguments, context, diagnostics);
  return arguments.sensitive ? result.with_sensitive() : result;
}

bool FunctionCall::evaluate_arguments(const EvalContext& context, Diagnostics& diagnostics,
                                      Evaluated& into) const {
  Diagnostics found;
  for (size_t i = 0; i < arguments_.size(); ++i) {
    Value v = arguments_[i]->evaluate(context, found);
    if (expand_last_ && i + 1 == arguments_.size()) {
      if (!found.has_errors()) expand(v, found, into);
      break;
    }
    into.values.push_back(std::move(v));
    into.ranges.push_back(arguments_[i]->range());
  }
  const bool good = !found.has_errors();
  diagnostics.append(std::move(found));
  return good;
}

// `f(list...)`
bool FunctionCall::expand(const Value& last, Diagnostics& diagnostics, Evaluated& into) const {
  const SourceRange& range = arguments_.back()->range();
  const Kind kind = last.type().kind();
  into.sensitive = into.sensitive || last.is_sensitive();
  if (last.is_null()) {
    diagnostics.error("Invalid expanding argument value",
                      "The expanding argument (indicated by ...) must not be null.", range);
    return false;
  }
  if (kind != Kind::List && kind != Kind::Tuple && kind != Kind::Set && kind != Kind::Dynamic) {
    diagnostics.error("Invalid expanding argument value",
                      "The expanding argument (indicated by ...) must be of a tuple, list, or "
                      "set type.",
                      range);
    return false;
  }
  if (!last.is_known()) {
    into.known = false;
    return true;
  }
  for (const Value& element : last.elements()) {
    into.values.push_back(element);
    into.ranges.push_back(range);
  }
  return true;
}

bool FunctionCall::count_fits(const Function& function, size_t count,
                              Diagnostics& diagnostics) const {
  const size_t wanted = function.parameters.size();
  if (count < wanted) {
    diagnostics.error("Not enough function arguments",
                      "Function \"" + name_ + "\" expects " + std::to_string(wanted) +
                          " argument(s). Missing value for \"" + function.parameters[count].name +
                          "\".",
                      range_);
    return false;
  }
  if (count > wanted && !function.variadic) {
    diagnostics.error("Too many function arguments",
                      "Function \"" + name_ + "\" expects only " + std::to_string(wanted) +
                          " argument(s).",
                      wanted < arguments_.size() ? arguments_[wanted]->range() : range_);
    return false;
  }
  return true;
}

bool FunctionCall::convert_arguments(const Function& function, Diagnostics& diagnostics,
                                     Evaluated& into) const {
  bool good = true;
  for (size_t i = 0; i < into.values.size(); ++i) {
    const Parameter& parameter = parameter_of(function, i);
    Value& v = into.values[i];
    const auto fail = [&](const std::string& why) {
      diagnostics.error("Invalid function argument",
                        "Invalid value for \"" + parameter.name + "\" parameter: " + why + ".",
                        into.ranges[i]);
      good = false;
    };
    if (v.has_sensitive()) {
      into.sensitive = true;
      v = v.without_marks();
    }
    if (v.is_null() && !parameter.allow_null) {
      fail("argument must not be null");
      continue;
    }
    auto converted = value::convert(v, parameter.type);
    if (!converted) {
      fail(converted.error().message);
      continue;
    }
    v = *std::move(converted);
    if (!parameter.allow_unknown && !v.is_wholly_known()) into.known = false;
  }
  return good;
}

Value FunctionCall::call(const Function& function, const Evaluated& arguments,
                         const EvalContext& context, Diagnostics& diagnostics) const {
  const uint64_t work = work_of(name_, arguments.values, context.budget.steps);
  if (!charge_steps(context, work, range_, diagnostics)) return Value::unknown(function.result);
  std::optional<TemplateRenderer> renderer;
  if (name_ == "templatefile") renderer.emplace(context);
  functions::Outcome outcome = function.call(arguments.values, context.functions);
  if (auto* v = std::get_if<Value>(&outcome)) {
    if (!charge(context, size_of(*v), range_, diagnostics)) return Value::unknown();
    return shallow_enough(*v, range_, diagnostics) ? std::move(*v) : Value::unknown();
  }
  const auto& error = std::get<functions::FunctionError>(outcome);
  const std::string stop = !error.message.empty() && error.message.back() == '.' ? "" : ".";
  if (error.argument && *error.argument < arguments.ranges.size()) {
    diagnostics.error("Invalid function argument",
                      "Invalid value for \"" + parameter_of(function, *error.argument).name +
                          "\" parameter: " + error.message + stop,
                      arguments.ranges[*error.argument]);
  } else {
    diagnostics.error("Error in function call",
                      "Call to function \"" + name_ + "\" failed: " + error.message + stop,
                      range_);
  }
  return Value::unknown(function.result);
}

Value FunctionCall::evaluate_try(const EvalContext& context, Diagnostics& diagnostics) const {
  std::string reasons;
  for (const ExpressionPtr& argument : arguments_) {
    Diagnostics found;
    Value v = argument->evaluate(context, found);
    if (context.budget.steps == 0) break;
    if (!found.has_errors()) return v;
    for (const Diagnostic& item : found.items()) {
      if (item.severity != Severity::Error) continue;
      reasons += "\n  - " + item.summary + ": " + item.detail;
      break;
    }
  }
  if (!charge(context, 0, range_, diagnostics)) return Value::unknown();
  diagnostics.error("Error in function call",
                    arguments_.empty()
                        ? "Call to function \"try\" failed: at least one argument is required."
                        : "Call to function \"try\" failed: no expression succeeded:" + reasons,
                    range_);
  return Value::unknown();
}

Value FunctionCall::evaluate_can(const EvalContext& context, Diagnostics& diagnostics) const {
  if (arguments_.size() != 1) {
    diagnostics.error(arguments_.empty() ? "Not enough function arguments"
                                         : "Too many function arguments",
                      "Function \"can\" expects 1 argument(s).", range_);
    return Value::unknown(Type::boolean());
  }
  Diagnostics found;
  const Value v = arguments_[0]->evaluate(context, found);
  if (!charge(context, 0, range_, diagnostics)) return Value::unknown(Type::boolean());
  if (found.has_errors()) return Value::boolean(false);
  return v.is_wholly_known() ? Value::boolean(true) : Value::unknown(Type::boolean());
}

Value FunctionCall::evaluate_convert(const EvalContext& context, Diagnostics& diagnostics) const {
  if (arguments_.size() != 2) {
    diagnostics.error(arguments_.size() < 2 ? "Not enough function arguments"
                                            : "Too many function arguments",
                      "Function \"convert\" expects 2 argument(s): a value and a type.", range_);
    return Value::unknown();
  }
  Diagnostics found;
  const TypeConstraint constraint = decode_type(*arguments_[1], found);
  const Value v = arguments_[0]->evaluate(context, found);
  const bool good = !found.has_errors();
  diagnostics.append(std::move(found));
  if (!good) return Value::unknown();
  const auto converted = value::convert(constraint.apply_defaults(v), constraint.type);
  if (converted) return *converted;
  diagnostics.error("Invalid function argument",
                    "Invalid value for \"value\" parameter: " + converted.error().message + ".",
                    arguments_[0]->range());
  return Value::unknown();
}

}  // namespace farm::hcl2
