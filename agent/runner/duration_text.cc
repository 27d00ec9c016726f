#include "agent/runner/duration_text.h"

#include <cstdint>

namespace farm::agent {
namespace {

// `value` / `unit` with as many decimals as it has.
std::string decimal(int64_t value, int64_t unit) {
  std::string text = std::to_string(value / unit);
  int64_t rest = value % unit;
  if (rest == 0) return text;
  text += '.';
  while (rest != 0) {
    unit /= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::string duration_text(Duration duration) {
  int64_t nanos = duration.count();
  if (nanos == 0) return "0s";
  std::string sign;
  if (nanos < 0) {
    sign = "-";
    nanos = -nanos;
  }
  if (nanos < 1'000) return sign + std::to_string(nanos) + "ns";
  if (nanos < 1'000'000) return sign + decimal(nanos, 1'000) + "\u00b5s";
  if (nanos < 1'000'000'000) return sign + decimal(nanos, 1'000'000) + "ms";
  constexpr int64_t kMinute = 60'000'000'000;
  const int64_t hours = nanos / (60 * kMinute);
  const int64_t minutes = nanos / kMinute % 60;
  std::string text = sign;
  if (hours > 0) text += std::to_string(hours) + "h";
  if (hours > 0 || minutes > 0) text += std::to_string(minutes) + "m";
  return text + decimal(nanos % kMinute, 1'000'000'000) + "s";
}

}  // namespace farm::agent
