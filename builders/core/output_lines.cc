#include "builders/core/output_lines.h"

namespace farm::builders {
namespace {
constexpr size_t kLongestLine = 64 * 1024;
}

void OutputLines::give(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) {
    line.remove_suffix(1);
  }
  const size_t redraw = line.rfind('\r');
  if (redraw != std::string_view::npos) line.remove_prefix(redraw + 1);
  each_(line);
}

void OutputLines::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end != std::string_view::npos && partial_.empty()) {
      give(bytes.substr(0, end));
      bytes.remove_prefix(end + 1);
      continue;
    }
    const size_t room = kLongestLine - partial_.size();
    const size_t take = std::min(end == std::string_view::npos ? bytes.size() : end, room);
    partial_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    const bool ended = !bytes.empty() && bytes.front() == '\n';
    if (!ended && partial_.size() < kLongestLine) continue;
    give(partial_);
    partial_.clear();
    if (ended) bytes.remove_prefix(1);
  }
}

void OutputLines::finish() {
  if (partial_.empty()) return;
  give(partial_);
  partial_.clear();
}

}  // namespace farm::builders
