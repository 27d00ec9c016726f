#include "common/template/interpolate/engine.h"

#include "common/template/interpolate/evaluator.h"
#include "common/template/interpolate/function_table.h"
#include "common/template/interpolate/parser.h"

namespace farm::interpolate {

Result<std::string> render(std::string_view text, const Context& context) {
  if (text.find("{{") == std::string_view::npos) return std::string(text);
  const Tree tree = TRY(parse(text, [&](std::string_view name) {
    return find_function(name) != nullptr || context.extra.contains(std::string(name));
  }));
  return evaluate(tree, context);
}

Result<void> check_syntax(std::string_view text) {
  if (text.find("{{") == std::string_view::npos) return {};
  // The one function that only some components know; render() refuses it elsewhere.
  TRY(parse(text, [](std::string_view name) {
    return find_function(name) != nullptr || name == "clean_resource_name";
  }));
  return {};
}

}  // namespace farm::interpolate
