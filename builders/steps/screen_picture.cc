#include "builders/steps/screen_picture.h"

#include <cctype>
#include <map>
#include <optional>
#include <vector>
#include <zlib.h>

namespace farm::builders::steps {
namespace {

constexpr uint32_t kMaxSide = 8192;
constexpr size_t kMaxColours = 256;

struct Pixels {
  uint32_t width = 0;
  uint32_t height = 0;
  std::string_view bytes;  // three per pixel
};

void put_u32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

// A number of the header, behind blanks and comments.
std::optional<uint32_t> take_number(std::string_view& text) {
  while (!text.empty()) {
    if (text.front() == '#') {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else if (std::isspace(static_cast<unsigned char>(text.front())) != 0) {
      text.remove_prefix(1);
    } else {
      break;
    }
  }
  uint32_t value = 0;
  size_t digits = 0;
  while (digits < text.size() && digits < 6 && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + static_cast<uint32_t>(text[digits++] - '0');
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

std::optional<Pixels> read_ppm(std::string_view text) {
  if (!text.starts_with("P6")) return std::nullopt;
  text.remove_prefix(2);
  const auto width = take_number(text);
  const auto height = take_number(text);
  const auto maximum = take_number(text);
  if (!width || !height || !maximum || *maximum != 255 || text.empty()) return std::nullopt;
  if (*width == 0 || *height == 0 || *width > kMaxSide || *height > kMaxSide) return std::nullopt;
  text.remove_prefix(1);
  const size_t size = size_t{3} * *width * *height;
  if (text.size() < size) return std::nullopt;
  return Pixels{*width, *height, text.substr(0, size)};
}

uint32_t colour_at(const Pixels& pixels, size_t pixel) {
  const auto byte = [&](size_t i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(pixels.bytes[pixel * 3 + i]));
  };
  return byte(0) << 16 | byte(1) << 8 | byte(2);
}

// Colour -> index in the order of appearance; empty when there are too many.
std::map<uint32_t, uint8_t> palette_of(const Pixels& pixels, std::vector<uint32_t>& order) {
  std::map<uint32_t, uint8_t> palette;
  uint32_t last = ~0U;
  for (size_t i = 0; i < size_t{pixels.width} * pixels.height; ++i) {
    const uint32_t colour = colour_at(pixels, i);
    if (colour == last) continue;  // long runs of one colour are the rule
    last = colour;
    if (palette.contains(colour)) continue;
    if (order.size() == kMaxColours) return {};
    palette[colour] = static_cast<uint8_t>(order.size());
    order.push_back(colour);
  }
  return palette;
}

// PNG specification, section 5.3.
void put_chunk(std::string& out, std::string_view type, std::string_view data) {
  put_u32(out, static_cast<uint32_t>(data.size()));
  const std::string body = std::string(type) + std::string(data);
  out += body;
  put_u32(out, static_cast<uint32_t>(
                   ::crc32(0, reinterpret_cast<const Bytef*>(body.data()),
                           static_cast<uInt>(body.size()))));
}

Result<std::string> packed(const std::string& rows) {
  std::string out(::compressBound(rows.size()), '\0');
  uLongf size = out.size();
  const int code = ::compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                               reinterpret_cast<const Bytef*>(rows.data()), rows.size(), 6);
  if (code != Z_OK) return internal("zlib: " + std::to_string(code));
  out.resize(size);
  return out;
}

}  // namespace

Result<std::string> png_of_ppm(std::string_view ppm) {
  const auto pixels = read_ppm(ppm);
  if (!pixels) return corrupt("no PPM picture");
  std::vector<uint32_t> order;
  const std::map<uint32_t, uint8_t> palette = palette_of(*pixels, order);
  const bool indexed = !palette.empty();
  std::string rows;
  for (uint32_t y = 0; y < pixels->height; ++y) {
    rows += '\0';  // no filter: screens are made of runs
    if (!indexed) {
      rows += pixels->bytes.substr(size_t{3} * pixels->width * y, size_t{3} * pixels->width);
      continue;
    }
    for (uint32_t x = 0; x < pixels->width; ++x) {
      rows += static_cast<char>(palette.at(colour_at(*pixels, size_t{pixels->width} * y + x)));
    }
  }
  std::string header;
  put_u32(header, pixels->width);
  put_u32(header, pixels->height);
  header += {8, indexed ? '\3' : '\2', 0, 0, 0};
  std::string colours;
  for (const uint32_t colour : order) {
    for (const int shift : {16, 8, 0}) colours += static_cast<char>(colour >> shift & 0xFF);
  }
  const std::string data = TRY(packed(rows));
  std::string png = "\x89PNG\r\n\x1a\n";
  put_chunk(png, "IHDR", header);
  if (indexed) put_chunk(png, "PLTE", colours);
  put_chunk(png, "IDAT", data);
  put_chunk(png, "IEND", {});
  return png;
}

}  // namespace farm::builders::steps
