#include "ops/farmctl/client/log_lines.h"

#include <ctime>
#include <fmt/format.h>

namespace farm::farmctl {
namespace {
constexpr int kColors[] = {32, 36, 35, 33, 34};  // green, cyan, magenta, yellow, blue
constexpr int kRed = 31;
}  // namespace

std::string utc_text(WallTime time) {
  const auto seconds = static_cast<std::time_t>(time.unix_seconds());
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     time.nanos / 1'000'000 % 1000);
}

void LogLines::add(const wire::LogRecord& record, std::string& out) const {
  const bool detail = record.kind == wire::LogKind::Detail;
  if (record.kind == wire::LogKind::Step || record.kind == wire::LogKind::Progress ||
      record.kind == wire::LogKind::Picture) {
    return;
  }
  const bool error = record.kind == wire::LogKind::Error;
  if (timestamps_) out += utc_text(record.time) + " ";
  const std::string line = fmt::format("{}{}: {}", detail ? "    " : "==> ", name_, record.text);
  if (color_) {
    const int code = error ? kRed : kColors[index_ % std::size(kColors)];
    out += fmt::format("\x1b[{}{}m{}\x1b[0m\n", detail ? "" : "1;", code, line);
  } else {
    out += line + "\n";
  }
}

}  // namespace farm::farmctl
