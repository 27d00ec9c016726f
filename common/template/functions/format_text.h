// The printf-like formatter behind format() and formatlist(): verbs of template-hcl2.md section 8
// applied to template values, with the messages users of Packer know.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "common/template/functions/function.h"

namespace farm::functions {

/// Formats `arguments` by `layout`. An error's argument is 1 when arguments are left over.
std::variant<std::string, FunctionError> format_text(std::string_view layout, Arguments arguments);

}  // namespace farm::functions
