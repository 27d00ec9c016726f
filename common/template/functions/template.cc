// templatefile.

#include "common/template/functions/paths.h"
#include "common/template/functions/registration.h"
#include "common/template/functions/text.h"

#include <fmt/format.h>
#include <utf8proc.h>

namespace farm::functions {
namespace {

bool is_letter(int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL:
      return true;
    default:
      return false;
  }
}

bool continues_name(int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return is_letter(code) || code == '-';
  }
}

bool is_identifier(std::string_view name) {
  const std::vector<Rune> all = runes(name);
  if (all.empty() || !(is_letter(all[0].code) || all[0].code == '_')) return false;
  for (const Rune& rune : all) {
    if (!continues_name(rune.code)) return false;
  }
  return true;
}

Outcome template_file(Arguments arguments, CallContext& context) {
  if (!is_mapping(arguments[1].type())) {
    return fail_argument(1, "invalid vars value: must be a map");
  }
  const Value::Map& variables = arguments[1].entries();
  for (const auto& [name, ignored] : variables) {
    if (!is_identifier(name)) {
      return fail_argument(
          1, fmt::format("invalid template variable name {}: must start with a letter, followed "
                         "by zero or more letters, digits, and underscores",
                         quoted(name)));
    }
  }
  if (!context.render_template) {
    return fail("templatefile() cannot be called from inside a templatefile call");
  }
  // The same paths and messages as file().
  const Function& file = function_table().at("file");
  Outcome source = file.call(arguments.first(1), context);
  if (auto* error = std::get_if<FunctionError>(&source)) {
    return fail_argument(0, std::move(error->message));
  }
  return to_outcome(context.render_template(std::get<Value>(source).as_string(),
                                            arguments[0].as_string(), variables));
}

}  // namespace

void add_template_functions(Table& table) {
  define(table,
         {"templatefile",
          {text_parameter("path"), any_parameter("vars")},
          {},
          Type::dynamic(),
          "The text of a template file with variables filled in.",
          UnknownParts::PassThrough},
         template_file);
}

}  // namespace farm::functions
