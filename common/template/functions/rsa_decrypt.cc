#include "common/template/functions/rsa_decrypt.h"

#include <limits>
#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace farm::functions {
namespace {

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct KeyFree {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct ContextFree {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};

// Without it OpenSSL asks the terminal for a passphrase.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

Result<std::string> rsa_decrypt(std::string_view ciphertext, std::string_view pem) {
  if (pem.find("-----BEGIN ") == std::string_view::npos ||
      pem.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return invalid_input("failed to parse key: no key found");
  }
  const std::unique_ptr<BIO, BioFree> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<EVP_PKEY, KeyFree> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) {
    ERR_clear_error();
    return invalid_input("failed to parse key: it is no private key without a passphrase");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return invalid_input("invalid key: it is no RSA key");
  }
  const std::unique_ptr<EVP_PKEY_CTX, ContextFree> context(EVP_PKEY_CTX_new(key.get(), nullptr));
  const auto* input = reinterpret_cast<const unsigned char*>(ciphertext.data());
  size_t length = static_cast<size_t>(EVP_PKEY_get_size(key.get()));
  std::string out(length, '\0');
  const bool ok = context && EVP_PKEY_decrypt_init(context.get()) == 1 &&
                  EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
                  EVP_PKEY_decrypt(context.get(), reinterpret_cast<unsigned char*>(out.data()),
                                   &length, input, ciphertext.size()) == 1;
  ERR_clear_error();
  if (!ok) return invalid_input("failed to decrypt: crypto/rsa: decryption error");
  out.resize(length);
  return out;
}

}  // namespace farm::functions
