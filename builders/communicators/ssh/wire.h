// The data types of RFC 4251 section 5 (byte, uint32, string, mpint): what SSH keys, certificates
// and the agent protocol are made of. Packets themselves are libssh2's business.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace farm::builders::ssh {

class WireWriter {
 public:
  WireWriter& byte(uint8_t value);
  WireWriter& u32(uint32_t value);
  WireWriter& string(std::string_view bytes);
  /// A positive number given as big-endian bytes without sign.
  WireWriter& mpint(std::string_view magnitude);
  WireWriter& raw(std::string_view bytes);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads past the end give zero or empty and clear ok(), so that callers check once at the end.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  uint8_t byte();
  uint32_t u32();
  std::string_view string();
  /// Magnitude of a positive number, without the sign byte.
  std::string_view mpint();
  std::string_view raw(size_t count);
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

/// Standard base64 (RFC 4648) with padding and without line breaks.
std::string base64_encode(std::string_view bytes);
/// Skips white space; empty when `text` is no base64.
std::string base64_decode(std::string_view text);

}  // namespace farm::builders::ssh
