// A world for evaluating expressions in tests: a few variables, no outside.
#pragma once

#include "common/base/random.h"
#include "common/template/hcl2/body.h"

namespace farm::hcl2 {

class NothingOutside final : public functions::Outside {
 public:
  Result<std::string> read_file(const std::string& path) override {
    if (path == "t.tpl") return std::string("hello ${name}%{ if more } and more%{ endif }");
    return not_found("no file " + path);
  }
  Result<bool> file_exists(const std::string&) override { return false; }
  Result<std::vector<std::string>> list_files(const std::string&) override {
    return std::vector<std::string>{};
  }
  std::string working_directory() override { return "/"; }
  std::string home_directory() override { return "/"; }
  std::optional<std::string> environment(const std::string&) override { return std::nullopt; }
  Result<std::string> secret(const std::string&, const std::vector<std::string>&) override {
    return unavailable("no secrets");
  }
};

struct World {
  World() {
    using value::Type;
    using value::Value;
    const auto object = [](int64_t id, int64_t k) {
      return Value::object({{"id", Value::number(id)}, {"k", Value::tuple({Value::number(k)})}});
    };
    const auto text = [](const char* s) { return Value::string(s); };
    const auto number = [](int64_t n) { return Value::number(n); };
    const Type string = Type::string();
    scope.set(
        "var",
        Value::object({
            {"s", text("str")},
            {"n", number(5)},
            {"b", Value::boolean(true)},
            {"secret", text("x").with_sensitive()},
            {"secretnum", number(7).with_sensitive()},
            {"secretbool", Value::boolean(true).with_sensitive()},
            {"secretlist", Value::list(string, {text("p"), text("q")}).with_sensitive()},
            {"secretobj",
             Value::object({{"open", text("o")}, {"shut", text("z").with_sensitive()}})},
            {"u", Value::unknown()},
            {"us", Value::unknown(string)},
            {"un", Value::unknown(Type::number())},
            {"ub", Value::unknown(Type::boolean())},
            {"ul", Value::unknown(Type::list(string))},
            {"um", Value::unknown(Type::map(string))},
            {"uset", Value::unknown(Type::set(string))},
            {"uo", Value::unknown(Type::object({{"a", string}}))},
            {"ut", Value::unknown(Type::tuple({string, Type::number()}))},
            {"pl", Value::list(string, {text("a"), Value::unknown(string)})},
            {"po", Value::object({{"a", text("a")}, {"b", Value::unknown(string)}})},
            {"l", Value::list(string, {text("a"), text("b")})},
            {"ln", Value::list(Type::number(), {number(3), number(1)})},
            {"le", Value::list(string, {})},
            {"m", Value::map(Type::number(), {{"k", number(1)}})},
            {"ms", Value::map(string, {{"a", text("x")}, {"b", text("y")}})},
            {"me", Value::map(string, {})},
            {"objs", Value::tuple({object(1, 7), object(2, 8)})},
            {"lo", Value::list(object(1, 7).type(), {object(1, 7), object(2, 8)})},
            {"set", Value::set(string, {text("b"), text("a")})},
            {"setn", Value::set(Type::number(), {number(10), number(9)})},
            {"sete", Value::set(string, {})},
            {"nul", Value::null(string)},
            {"nuln", Value::null(Type::number())},
            {"nulb", Value::null(Type::boolean())},
            {"null", Value::null(Type::list(string))},
            {"nulm", Value::null(Type::map(string))},
            {"nulo", Value::null(Type::object({{"a", string}}))},
        }));
  }

  EvalContext context() { return {scope, calls, budget}; }

  /// "TYPE JSON" (with " sensitive"), "TYPE unknown", or the summaries of the errors.
  std::string run(const std::string& text) {
    Diagnostics diagnostics;
    const ExpressionPtr expression = parse_expression(text, "test", diagnostics);
    value::Value v;
    if (expression != nullptr && !diagnostics.has_errors()) {
      v = expression->evaluate(context(), diagnostics);
    }
    std::string summaries;
    for (const Diagnostic& item : diagnostics.items()) {
      summaries += (summaries.empty() ? "! " : "; ") + item.summary;
    }
    if (!summaries.empty()) return summaries;
    const auto json = value::to_json(v);
    return v.type().str() + " " + (json ? *json : "unknown") +
           (v.has_sensitive() ? " sensitive" : "");
  }

  NothingOutside outside;
  SeededRandom random{1};
  functions::CallContext calls{outside, random, {}, {}, ".", false, nullptr};
  Budget budget;
  Scope scope;
};

}  // namespace farm::hcl2
