#include "common/plan/duration_text.h"

#include <array>
#include <string>

namespace farm::plan {
namespace {

struct Unit {
  std::string_view name;
  double nanos;
};
// Longer names first where one is the start of another.
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1e3},
                                         {"\xC2\xB5s", 1e3},
                                         {"\xCE\xBCs", 1e3},
                                         {"ms", 1e6},
                                         {"s", 1e9},
                                         {"m", 60e9},
                                         {"h", 3600e9}}};
constexpr double kMaxNanos = 9.2e18;

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const Error invalid = invalid_input("invalid duration \"" + std::string(text) + "\"");
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return Duration(0);
  if (rest.empty()) return invalid;
  double total = 0;
  while (!rest.empty()) {
    double number = 0;
    double scale = 1;
    size_t digits = 0;
    bool fraction = false;
    size_t at = 0;
    for (; at < rest.size(); ++at) {
      if (rest[at] == '.' && !fraction) {
        fraction = true;
      } else if (rest[at] >= '0' && rest[at] <= '9') {
        number = number * 10 + (rest[at] - '0');
        if (fraction) scale *= 10;
        ++digits;
      } else {
        break;
      }
    }
    if (digits == 0) return invalid;
    rest.remove_prefix(at);
    if (rest.empty()) {
      return invalid_input("missing unit in duration \"" + std::string(text) + "\"");
    }
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      const bool minutes = candidate.name == "m" && rest.starts_with("ms");
      if (rest.starts_with(candidate.name) && !minutes) {
        unit = &candidate;
        break;
      }
    }
    if (unit == nullptr) {
      return invalid_input("unknown unit in duration \"" + std::string(text) + "\"");
    }
    total += number / scale * unit->nanos;
    rest.remove_prefix(unit->name.size());
    if (total > kMaxNanos) return invalid;
  }
  return Duration(static_cast<int64_t>(negative ? -total : total));
}

}  // namespace farm::plan
