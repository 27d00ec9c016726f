// The canonical form of native HCL2 text (`farmctl fmt`): indentation, spaces, aligned `=` and
// comments. Works on tokens, so that comments, blank lines and heredocs stay as they are.
#pragma once

#include <string>

namespace farm::hcl2 {

/// `text` in canonical form; unchanged when it has syntax errors. Idempotent.
std::string format_source(const std::string& text);

}  // namespace farm::hcl2
