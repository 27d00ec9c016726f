#include "common/template/hcl2/template_part.h"

#include <algorithm>
#include <limits>

#include <utf8proc.h>

namespace farm::hcl2 {
namespace {

bool is_space(utf8proc_int32_t code) {
  switch (code) {
    case ' ': case '\t': case '\n': case '\v': case '\f': case '\r':
    case 0x85: case 0xa0: case 0x1680: case 0x2028: case 0x2029: case 0x202f: case 0x205f:
    case 0x3000: return true;
    default: return code >= 0x2000 && code <= 0x200a;
  }
}

// Byte offset just after the leading white space, and how many characters that is.
struct Leading {
  size_t bytes = 0;
  size_t characters = 0;
};

Leading leading_space(const std::string& text, size_t limit) {
  Leading space;
  while (space.bytes < text.size() && space.characters < limit) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + space.bytes,
        static_cast<utf8proc_ssize_t>(text.size() - space.bytes), &code);
    if (length <= 0 || !is_space(code)) break;
    space.bytes += static_cast<size_t>(length);
    ++space.characters;
  }
  return space;
}

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

bool ends_line(const TemplatePart& part) {
  return part.kind == TemplatePart::Kind::Literal && !part.text.empty() &&
         part.text.back() == '\n';
}

}  // namespace

std::string trim_left(const std::string& text) {
  return text.substr(leading_space(text, kNoLimit).bytes);
}

std::string trim_right(const std::string& text) {
  size_t end = 0;  // after the last character that is no space
  for (size_t i = 0; i < text.size();) {
    const size_t space = leading_space(text.substr(i), kNoLimit).bytes;
    i += space;
    if (i >= text.size()) break;
    while (i < text.size() && leading_space(text.substr(i, 4), 1).bytes == 0) ++i;
    end = i;
  }
  return text.substr(0, end);
}

void remove_indentation(std::vector<TemplatePart>& parts) {
  size_t smallest = kNoLimit;
  std::vector<TemplatePart*> line_starts;
  bool line_start = true;
  for (TemplatePart& part : parts) {
    if (part.kind == TemplatePart::Kind::End) break;
    if (line_start) {
      size_t indent = 0;  // a line that begins with a sequence has none
      if (part.kind == TemplatePart::Kind::Literal) {
        const Leading space = leading_space(part.text, kNoLimit);
        const bool blank = space.bytes == part.text.size() && ends_line(part);
        indent = blank ? kNoLimit : space.characters;
        if (!blank) line_starts.push_back(&part);
      }
      smallest = std::min(smallest, indent);
    }
    line_start = ends_line(part);
  }
  if (smallest == kNoLimit) return;
  for (TemplatePart* part : line_starts) {
    part->text.erase(0, leading_space(part->text, smallest).bytes);
  }
}

}  // namespace farm::hcl2
