// Showing diagnostics. Not on a terminal (pipes, CI) the reference's form is printed, which scripts
// match: `Error: <summary>`, `on FILE line N, in BLOCK:`, the source line (with a caret line added
// below it), the detail. On a terminal the same facts are drawn: code, place, excerpt, caret, hint.
#pragma once

#include <string>

#include "common/base/diagnostic.h"
#include "common/template/source/source_texts.h"

namespace farm::farmctl {

enum class DiagnosticForm { Plain, Drawn, DrawnInColor };

/// Errors and warnings, most useful first: errors before warnings, each in the order found. At most
/// 20 errors per file are shown; the rest is counted.
std::string draw_diagnostics(const Diagnostics& diagnostics, const templates::SourceTexts& texts,
                             DiagnosticForm form);

/// One document: {"valid":..., "diagnostics":[{severity, code, summary, detail, hint, block, file,
/// range:{start:{line,character},end:{...}}}]}; lines and characters from 0, as editors count.
std::string diagnostics_json(const Diagnostics& diagnostics);

/// `source "qemu" "base"`: the block around line `line`, found by the indentation of the text.
std::string enclosing_block(const templates::SourceTexts& texts, const std::string& file,
                            uint32_t line);

}  // namespace farm::farmctl
