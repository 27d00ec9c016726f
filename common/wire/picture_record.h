// Pictures in a job's log: a PNG of a machine's screen travels as Picture records, each one part:
// "<caption>\t<part>\t<parts>\t<base64>". So it is streamed, stored and resumed like every line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/wire/log_record.h"

namespace farm::wire {

struct Picture {
  WallTime time;
  std::string caption;
  std::string png;
};

/// Larger ones are left out: a log is no place for them.
inline constexpr size_t kMaxPicture = 4U << 20;

void append_picture(std::string& out, WallTime time, std::string_view caption,
                    std::string_view png);

/// Puts pictures together again. One reader per log.
class PictureReader {
 public:
  /// The picture that `record` completes. Other kinds and damaged parts give none.
  std::optional<Picture> take(const LogRecord& record);

 private:
  Picture picture_;
  size_t next_part_ = 0;
};

}  // namespace farm::wire
