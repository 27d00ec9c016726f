#include "ops/farmctl/common/variables_text.h"

#include <algorithm>

#include "common/template/interpolate/quote.h"

namespace farm::farmctl {
namespace {

/// As the reference prints it: the console's form, quoted as Go quotes.
std::string shown(const value::Value& v) {
  if (v.has_sensitive()) return "\"<sensitive>\"";
  return interpolate::quote(value::console_text(v));
}

}  // namespace

std::string variables_text(const templates::Template& made) {
  std::string text = "> input-variables:\n\n";
  for (const templates::Variable& variable : made.variables) {
    const value::Value v = variable.value.with_sensitive(variable.sensitive);
    text += "var." + variable.name + ": " + shown(v) + "\n";
  }
  text += "\n> local-variables:\n\n";
  std::vector<const templates::Local*> locals;
  for (const templates::Local& local : made.locals) locals.push_back(&local);
  std::sort(locals.begin(), locals.end(),
            [](const auto* a, const auto* b) { return a->name < b->name; });
  for (const templates::Local* local : locals) {
    text += "local." + local->name + ": " + shown(local->value) + "\n";
  }
  return text;
}

}  // namespace farm::farmctl
