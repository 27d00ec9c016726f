#include "common/template/hcl2/expression.h"

#include "common/template/hcl2/lexer.h"

namespace farm::hcl2 {

std::vector<std::string> Scope::names() const {
  std::vector<std::string> names;
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent_) {
    for (const auto& [name, v] : scope->variables_) {
      if (is_identifier(name)) names.push_back(name);  // not a splat's current element
    }
  }
  return names;
}

std::string Traversal::str() const {
  std::string text = root;
  for (const TraversalStep& step : steps) {
    if (const auto* name = std::get_if<std::string>(&step.key)) {
      text += "." + *name;
      continue;
    }
    const value::Value& key = std::get<value::Value>(step.key);
    const bool quoted = !key.is_null() && key.is_known() &&
                        key.type().kind() == value::Kind::String;
    const std::string plain = value::console_text(key);
    text += quoted ? "[\"" + plain + "\"]" : "[" + plain + "]";
  }
  return text;
}

}  // namespace farm::hcl2
