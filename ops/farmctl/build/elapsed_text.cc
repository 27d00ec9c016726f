#include "ops/farmctl/build/elapsed_text.h"

#include <cstdint>

namespace farm::farmctl {
namespace {

struct Unit {
  const char* name;
  int64_t microseconds;
};

constexpr Unit kUnits[] = {
    {"day", 86'400'000'000}, {"hour", 3'600'000'000}, {"minute", 60'000'000},
    {"second", 1'000'000},   {"millisecond", 1'000},  {"microsecond", 1},
};

}  // namespace

std::string elapsed_text(Duration elapsed) {
  int64_t left = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
  std::string text;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const int64_t count = left / unit.microseconds;
    left %= unit.microseconds;
    if (count <= 0 || shown == 2) continue;
    if (shown++ > 0) text += ' ';
    text += std::to_string(count) + " " + unit.name + (count == 1 ? "" : "s");
  }
  return text.empty() ? "0 microseconds" : text;
}

}  // namespace farm::farmctl
