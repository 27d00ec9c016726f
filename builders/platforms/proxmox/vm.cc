#include "builders/platforms/proxmox/vm.h"

#include <charconv>
#include <fmt/format.h>

#include "builders/steps/build_mark.h"

namespace farm::builders::platform_proxmox {

std::string mark_of(const BuildContext& context) {
  return "farm-" + steps::build_mark(context);
}

std::string ledger_name(const std::string& node, int64_t id, const std::string& mark) {
  return fmt::format("{}/{} {}", node, id, mark);
}

std::optional<LedgerName> parse_ledger_name(const std::string& name) {
  const size_t slash = name.find('/');
  const size_t space = name.find(' ', slash == std::string::npos ? 0 : slash);
  if (slash == std::string::npos || space == std::string::npos) return std::nullopt;
  LedgerName parsed{name.substr(0, slash), 0, name.substr(space + 1)};
  const char* const end = name.data() + space;
  const auto number = std::from_chars(name.data() + slash + 1, end, parsed.id);
  if (number.ec != std::errc() || number.ptr != end || parsed.mark.empty()) return std::nullopt;
  return parsed;
}

}  // namespace farm::builders::platform_proxmox
