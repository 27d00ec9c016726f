#include "builders/core/component.h"

#include <fmt/format.h>

namespace farm::builders {

std::string Findings::text() const {
  std::string out = fmt::format("{} error(s) occurred:\n", errors.size());
  for (const std::string& error : errors) out += "\n* " + error;
  return out;
}

}  // namespace farm::builders
