// LogLines: a job's log records as lines for people: "==> name: text", "    name: text", one color
// per job, optionally with the time in front.
#pragma once

#include <string>

#include "common/wire/log_record.h"

namespace farm::farmctl {

class LogLines {
 public:
  LogLines() = default;
  /// `index` picks the color; `timestamps` puts RFC 3339 UTC with ms before each line.
  LogLines(std::string name, size_t index, bool color, bool timestamps)
      : name_(std::move(name)), index_(index), color_(color), timestamps_(timestamps) {}
  /// Appends the line(s) of `record` to `out`; steps and progress give none.
  void add(const wire::LogRecord& record, std::string& out) const;

 private:
  std::string name_;
  size_t index_ = 0;
  bool color_ = false;
  bool timestamps_ = false;
};

/// "2026-01-09T14:01:07.120Z".
std::string utc_text(WallTime time);

}  // namespace farm::farmctl
