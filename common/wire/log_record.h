// A job's log is a sequence of records, appended by the runner, streamed and stored as they are.
// Record: [u32 length of the rest][u64 wall nanoseconds][u8 kind][text], little-endian. A torn last
// record (crash) is ignored by readers and cut by the writer.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace farm::wire {

enum class LogKind : uint8_t {
  Say = 1,      // "==> name: text"
  Detail = 2,   // "    name: text"
  Error = 3,    // "==> name: text", red
  Step = 4,     // a step began; text = its name
  Progress = 5,  // "what\tdone\ttotal"; shown on terminals only
  Picture = 6    // a part of a picture of a screen (picture_record.h); shown on demand only
};

struct LogRecord {
  WallTime time;
  LogKind kind = LogKind::Say;
  std::string_view text;  // UTF-8, no newline
};

/// Longest text of one record; longer text is split by the writer.
inline constexpr size_t kMaxLogText = 64 * 1024;

void append_record(std::string& out, const LogRecord& record);
/// Calls `each` for every whole record in `bytes`; returns the bytes consumed. A length beyond the
/// maximum stops reading and returns std::string::npos (corrupt).
size_t read_records(std::string_view bytes, const std::function<void(const LogRecord&)>& each);

}  // namespace farm::wire
