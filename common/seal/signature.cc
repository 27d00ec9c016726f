#include "common/seal/signature.h"

#include <sodium.h>

namespace farm::seal {
namespace {

Result<std::string> from_base64(const std::string& text, size_t size, const char* what) {
  std::string bytes(size, '\0');
  size_t got = 0;
  const int decoded = ::sodium_base642bin(
      reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(),
      " \t\r\n", &got, nullptr, sodium_base64_VARIANT_ORIGINAL);
  if (decoded != 0 || got != size) {
    return invalid_input(std::string(what) + " is not base64 of " + std::to_string(size) +
                         " bytes");
  }
  return bytes;
}

const unsigned char* unsigned_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Result<void> verify_signature(std::string_view sha256, const std::string& signature,
                              const std::vector<std::string>& keys) {
  if (::sodium_init() < 0) return internal("libsodium cannot be initialised");
  const std::string made = TRY(from_base64(signature, crypto_sign_BYTES, "the signature"));
  for (const std::string& text : keys) {
    const std::string key = TRY(from_base64(text, crypto_sign_PUBLICKEYBYTES, "a trusted key"));
    if (::crypto_sign_verify_detached(unsigned_bytes(made), unsigned_bytes(sha256), sha256.size(),
                                      unsigned_bytes(key)) == 0) {
      return {};
    }
  }
  return denied(keys.empty() ? "no key is trusted" : "no trusted key has signed it");
}

}  // namespace farm::seal
