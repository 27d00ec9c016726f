// The canonical layout of native HCL2 text: indentation, spaces, aligned `=` and trailing comments.
// Works on tokens, so comments, blank lines and the texts of strings and heredocs stay as they are.
#pragma once

#include <string>

namespace farm::farmctl {

/// Text with a syntax error stays as it is; idempotent.
std::string format_hcl(const std::string& text);

}  // namespace farm::farmctl
