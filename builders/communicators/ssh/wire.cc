#include "builders/communicators/ssh/wire.h"

#include <openssl/evp.h>

#include <limits>

namespace farm::builders::ssh {

WireWriter& WireWriter::byte(uint8_t value) {
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

WireWriter& WireWriter::u32(uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) byte(static_cast<uint8_t>(value >> shift));
  return *this;
}

WireWriter& WireWriter::string(std::string_view bytes) {
  u32(static_cast<uint32_t>(bytes.size()));
  return raw(bytes);
}

WireWriter& WireWriter::mpint(std::string_view magnitude) {
  while (!magnitude.empty() && magnitude.front() == '\0') magnitude.remove_prefix(1);
  const bool sign_byte = !magnitude.empty() && (static_cast<uint8_t>(magnitude.front()) & 0x80U);
  u32(static_cast<uint32_t>(magnitude.size() + (sign_byte ? 1 : 0)));
  if (sign_byte) byte(0);
  return raw(magnitude);
}

WireWriter& WireWriter::raw(std::string_view bytes) {
  bytes_.append(bytes);
  return *this;
}

std::string_view WireReader::raw(size_t count) {
  if (count > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

uint8_t WireReader::byte() {
  const std::string_view one = raw(1);
  return one.empty() ? uint8_t{0} : static_cast<uint8_t>(one.front());
}

uint32_t WireReader::u32() {
  uint32_t value = 0;
  for (const char c : raw(4)) value = (value << 8U) | static_cast<uint8_t>(c);
  return value;
}

std::string_view WireReader::string() {
  return raw(u32());
}

std::string_view WireReader::mpint() {
  std::string_view number = string();
  while (!number.empty() && number.front() == '\0') number.remove_prefix(1);
  return number;
}

namespace {
const unsigned char* as_bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
}  // namespace

std::string base64_encode(std::string_view bytes) {
  const std::string input(bytes);
  std::string out((input.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), as_bytes(input),
                                     static_cast<int>(input.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

std::string base64_decode(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') clean.push_back(c);
  }
  if (clean.empty() || clean.size() % 4 != 0 ||
      clean.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return {};
  }
  std::string out(clean.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), as_bytes(clean),
                                     static_cast<int>(clean.size()));
  if (length < 0) return {};
  // EVP_DecodeBlock counts the padding as zero bytes.
  size_t padding = 0;
  while (padding < 2 && clean[clean.size() - 1 - padding] == '=') ++padding;
  out.resize(static_cast<size_t>(length) - padding);
  return out;
}

}  // namespace farm::builders::ssh
