#include "common/wire/picture_record.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace farm::wire {
namespace {

constexpr std::string_view kPictureDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// A multiple of three, so that only the last part is padded; its text fits one record.
constexpr size_t kPartBytes = 45'000;

std::string encoded(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    for (size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (size_t i = 0; i < 4; ++i) {
      out += i <= count ? kPictureDigits[group >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

bool decode_onto(std::string& out, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  for (size_t at = 0; at < text.size(); at += 4) {
    uint32_t group = 0;
    size_t count = 0;
    for (size_t i = 0; i < 4; ++i) {
      const size_t digit = kPictureDigits.find(text[at + i]);
      if (digit == std::string_view::npos && text[at + i] != '=') return false;
      if (digit != std::string_view::npos && count == i) ++count;
      group = group << 6 | (digit == std::string_view::npos ? 0U : static_cast<uint32_t>(digit));
    }
    if (count < 2) return false;
    for (size_t i = 0; i + 1 < count; ++i) out += static_cast<char>(group >> (16 - 8 * i) & 0xFF);
  }
  return true;
}

std::optional<size_t> number(std::string_view text) {
  size_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void append_picture(std::string& out, WallTime time, std::string_view caption,
                    std::string_view png) {
  if (png.empty() || png.size() > kMaxPicture) return;
  std::string name(caption.substr(0, 1000));
  std::replace(name.begin(), name.end(), '\t', ' ');
  std::replace(name.begin(), name.end(), '\n', ' ');
  const size_t parts = (png.size() + kPartBytes - 1) / kPartBytes;
  for (size_t part = 0; part < parts; ++part) {
    std::string text = name + "\t" + std::to_string(part) + "\t" + std::to_string(parts) + "\t" +
                       encoded(png.substr(part * kPartBytes, kPartBytes));
    append_record(out, {time, LogKind::Picture, text});
  }
}

std::optional<Picture> PictureReader::take(const LogRecord& record) {
  if (record.kind != LogKind::Picture) return std::nullopt;
  std::array<std::string_view, 4> fields;
  std::string_view rest = record.text;
  for (size_t i = 0; i < fields.size(); ++i) {
    const size_t end = i + 1 < fields.size() ? rest.find('\t') : rest.size();
    if (end == std::string_view::npos) return std::nullopt;
    fields[i] = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto part = number(fields[1]);
  const auto parts = number(fields[2]);
  if (!part || !parts || *part >= *parts) return std::nullopt;
  if (*part == 0) {
    picture_ = {record.time, std::string(fields[0]), {}};
    next_part_ = 0;
  }
  const bool fits = *part == next_part_ && picture_.png.size() <= kMaxPicture;
  if (!fits || !decode_onto(picture_.png, fields[3])) {
    next_part_ = ~size_t{0};
    return std::nullopt;
  }
  if (++next_part_ < *parts) return std::nullopt;
  next_part_ = ~size_t{0};
  return std::move(picture_);
}

}  // namespace farm::wire
