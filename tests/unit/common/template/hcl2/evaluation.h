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
    scope.set("var", Value::object({
                         {"s", Value::string("str")},
                         {"n", Value::number(5)},
                         {"secret", Value::string("x").with_sensitive()},
                         {"u", Value::unknown()},
                         {"us", Value::unknown(Type::string())},
                         {"l", Value::list(Type::string(), {Value::string("a"),
                                                            Value::string("b")})},
                         {"m", Value::map(Type::number(), {{"k", Value::number(1)}})},
                         {"objs", Value::tuple({object(1, 7), object(2, 8)})},
                         {"set", Value::set(Type::string(), {Value::string("b"),
                                                             Value::string("a")})},
                         {"nul", Value::null(Type::string())},
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
