#include "common/template/functions/digest.h"

#include "common/base/result.h"

#include <array>

#include <openssl/evp.h>

namespace farm::functions {

std::string digest(const char* algorithm, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  size_t length = out.size();
  FARM_CHECK(EVP_Q_digest(nullptr, algorithm, nullptr, bytes.data(), bytes.size(), out.data(),
                          &length) == 1);
  return {reinterpret_cast<const char*>(out.data()), length};
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4U];
    out += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

}  // namespace farm::functions
