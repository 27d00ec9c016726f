// Codes of diagnostics: stable handles for `farmctl explain CODE`, the manual and editors.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/diagnostic.h"

namespace farm::farmctl {

struct DiagnosticCode {
  std::string_view code;
  std::string_view summary;  // the summary begins with this
  std::string_view explanation;
};

const std::vector<DiagnosticCode>& diagnostic_codes();
/// The code of a diagnostic: its own, or that of its summary; empty when it has none.
std::string code_of(const Diagnostic& diagnostic);

}  // namespace farm::farmctl
