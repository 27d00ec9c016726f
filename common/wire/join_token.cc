#include "common/wire/join_token.h"

#include <array>
#include <vector>

namespace farm::wire {
namespace {

constexpr std::string_view kPrefix = "farm1-";
constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64(std::string_view bytes) {
  std::string text;
  uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8 | static_cast<uint8_t>(c)) & 0xffffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += kDigits[buffer >> bits & 63];
    }
  }
  if (bits > 0) text += kDigits[buffer << (6 - bits) & 63];
  return text;
}

bool from_base64(std::string_view text, std::string& bytes) {
  uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return false;
    buffer = (buffer << 6 | static_cast<uint32_t>(digit)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(buffer >> bits & 0xff);
    }
  }
  return true;
}

}  // namespace

std::string format_join_token(const JoinToken& token) {
  std::string fields;
  for (const std::string* field :
       {&token.control, &token.bulk, &token.enroll, &token.server_key, &token.secret}) {
    fields += *field;
    fields += '\n';
  }
  return std::string(kPrefix) + to_base64(fields);
}

Result<JoinToken> parse_join_token(std::string_view text) {
  const Error bad = invalid_input("this is no join token; make one with: farmctl token create");
  std::string fields;
  if (!text.starts_with(kPrefix) || !from_base64(text.substr(kPrefix.size()), fields)) return bad;
  JoinToken token;
  std::array<std::string*, 5> slots = {&token.control, &token.bulk, &token.enroll,
                                       &token.server_key, &token.secret};
  size_t at = 0;
  for (std::string* slot : slots) {
    const size_t end = fields.find('\n', at);
    if (end == std::string::npos) return bad;
    *slot = fields.substr(at, end - at);
    at = end + 1;
  }
  if (token.server_key.size() != 40 || token.secret.empty()) return bad;
  return token;
}

}  // namespace farm::wire
