#include "coordinator/store/log_pieces.h"

#include <algorithm>

namespace farm::coordinator {

Result<bool> LogReader::feed(uint64_t piece_offset, std::string_view bytes) {
  if (piece_offset > next_) {
    return corrupt("the log has a gap at byte " + std::to_string(next_));
  }
  const uint64_t skip = next_ - piece_offset;
  if (skip >= bytes.size()) return left_ > 0;
  const std::string_view wanted = bytes.substr(skip, left_);
  out_.append(wanted);
  next_ += wanted.size();
  left_ -= wanted.size();
  return left_ > 0;
}

}  // namespace farm::coordinator
