// CallCheck: values of variables are constants: no function may be called in them, and in a default
// only env(). Found by the tokens, before anything is evaluated.
#pragma once

#include <string_view>

#include "common/base/diagnostic.h"
#include "common/template/hcl2/lexer.h"

namespace farm::templates {

enum class CallRule { None, EnvOnly };

/// Reports every call in `text`, an expression or a template that stands at `file` from `start`.
/// True when there was none.
bool check_calls(std::string_view text, hcl2::LexMode mode, const std::string& file,
                 SourcePosition start, CallRule rule, Diagnostics& diagnostics);

}  // namespace farm::templates
