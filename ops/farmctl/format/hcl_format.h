// The canonical layout of native HCL2 text: indentation, spaces, aligned `=` and trailing comments.
// Works on tokens, so comments, blank lines, strings and heredocs stay as they are.
#pragma once

#include <string>

namespace farm::farmctl {

/// `text` must be free of syntax errors; idempotent.
std::string format_hcl(const std::string& text);

}  // namespace farm::farmctl
