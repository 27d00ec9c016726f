// Diagnostics as short lines, "E 2:5-9 summary" with detail and hint behind bars, so that tests
// compare them whole.
#pragma once

#include <string>
#include <vector>

#include "common/base/diagnostic.h"

namespace farm::json {

inline std::string place(const SourceRange& range) {
  return std::to_string(range.start.line) + ":" + std::to_string(range.start.column);
}

/// "E 2:5 summary", W for warnings; no place: "E - summary".
inline std::vector<std::string> summaries(const Diagnostics& diagnostics) {
  std::vector<std::string> lines;
  for (const Diagnostic& item : diagnostics.items()) {
    lines.push_back((item.severity == Severity::Error ? "E " : "W ") +
                    (item.subject ? place(*item.subject) : std::string("-")) + " " + item.summary);
  }
  return lines;
}

}  // namespace farm::json
