#include "common/template/functions/character_sets.h"

#include "common/template/functions/text.h"

#include <iconv.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace farm::functions {
namespace {

// One iconv descriptor. A bad name leaves it closed.
class Converter {
 public:
  Converter(const std::string& to, const std::string& from)
      : handle_(iconv_open(to.c_str(), from.c_str())) {}
  ~Converter() {
    if (ok()) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool ok() const { return reinterpret_cast<intptr_t>(handle_) != -1; }

  Result<std::string> convert(std::string_view text) {
    std::string input(text);
    char* in = input.data();
    size_t in_left = input.size();
    std::string out;
    bool flushed = false;
    while (!flushed) {
      std::array<char, 4096> buffer{};
      char* to = buffer.data();
      size_t to_left = buffer.size();
      // After the input a last call brings the encoding back to its first shift state.
      const bool flushing = in_left == 0;
      const size_t done = flushing ? iconv(handle_, nullptr, nullptr, &to, &to_left)
                                   : iconv(handle_, &in, &in_left, &to, &to_left);
      const int problem = errno;
      out.append(buffer.data(), buffer.size() - to_left);
      if (done == static_cast<size_t>(-1) && problem != E2BIG) {
        return invalid_input("text does not fit the encoding");
      }
      flushed = flushing && done != static_cast<size_t>(-1);
    }
    return out;
  }

 private:
  iconv_t handle_;
};

// iconv takes options behind slashes and the locale's encoding for an empty name: not ours.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.find_first_not_of(
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                              "-_.:+()") == std::string::npos;
}

bool is_utf16(const std::string& encoding) {
  return lower_case(encoding) == "utf-16";
}

}  // namespace

Result<std::string> encode_text(std::string_view utf8, const std::string& encoding) {
  if (!is_plain_name(encoding)) return not_found("no such encoding");
  // Plain UTF-16 is big-endian behind a byte order mark (RFC 2781).
  Converter converter(is_utf16(encoding) ? "UTF-16BE" : encoding, "UTF-8");
  if (!converter.ok()) return not_found("no such encoding");
  std::string bytes = TRY(converter.convert(utf8));
  return is_utf16(encoding) ? "\xFE\xFF" + bytes : bytes;
}

Result<std::string> decode_text(std::string_view bytes, const std::string& encoding) {
  if (!is_plain_name(encoding)) return not_found("no such encoding");
  const bool marked = bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE");
  Converter converter("UTF-8", is_utf16(encoding) && !marked ? "UTF-16BE" : encoding);
  if (!converter.ok()) return not_found("no such encoding");
  return converter.convert(bytes);
}

}  // namespace farm::functions
