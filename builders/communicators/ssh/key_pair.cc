#include "builders/communicators/ssh/key_pair.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

#include "builders/communicators/ssh/private_key.h"
#include "builders/communicators/ssh/wire.h"

namespace farm::builders::ssh {
namespace {

struct ContextFree {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
struct EncoderFree {
  void operator()(OSSL_ENCODER_CTX* context) const noexcept { OSSL_ENCODER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_PKEY_CTX, ContextFree>;

EvpPkey generate(const Context& context) {
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_generate(context.get(), &key) != 1) return nullptr;
  return EvpPkey(key);
}

Context for_generation(const char* algorithm) {
  Context context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  if (context && EVP_PKEY_keygen_init(context.get()) != 1) context.reset();
  return context;
}

Result<EvpPkey> generate_rsa(int64_t bits) {
  if (bits < 1024 || bits > 16384) return invalid_input("an rsa key has 1024 to 16384 bits");
  const Context context = for_generation("RSA");
  if (context) EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits));
  return generate(context);
}

Result<EvpPkey> generate_ecdsa(int64_t bits) {
  const char* curve = bits == 256   ? "prime256v1"
                      : bits == 384 ? "secp384r1"
                      : bits == 521 ? "secp521r1"
                                    : nullptr;
  if (!curve) return invalid_input("an ecdsa key has 256, 384 or 521 bits");
  const Context context = for_generation("EC");
  if (context) EVP_PKEY_CTX_set_group_name(context.get(), curve);
  return generate(context);
}

Result<EvpPkey> generate_dsa(int64_t bits) {
  if (bits != 1024) return invalid_input("a dsa key has 1024 bits");
  const Context parameters(EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr));
  EVP_PKEY* raw = nullptr;
  if (!parameters || EVP_PKEY_paramgen_init(parameters.get()) != 1 ||
      EVP_PKEY_CTX_set_dsa_paramgen_bits(parameters.get(), 1024) != 1 ||
      EVP_PKEY_CTX_set_dsa_paramgen_q_bits(parameters.get(), 160) != 1 ||
      EVP_PKEY_paramgen(parameters.get(), &raw) != 1) {
    return internal("libcrypto makes no dsa parameters");
  }
  const EvpPkey domain(raw);
  const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, domain.get(), nullptr));
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1) {
    return internal("libcrypto makes no dsa keys");
  }
  return generate(context);
}

Result<EvpPkey> generate_native(KeyPairType type, int64_t bits) {
  switch (type) {
    case KeyPairType::Rsa:
      return generate_rsa(bits == 0 ? 4096 : bits);
    case KeyPairType::Ecdsa:
      return generate_ecdsa(bits == 0 ? 521 : bits);
    case KeyPairType::Dsa:
      return generate_dsa(bits == 0 ? 1024 : bits);
    case KeyPairType::Ed25519:
      break;
  }
  return generate(for_generation("ED25519"));
}

std::string contents(BIO* output) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(output, &data);
  return std::string(data, static_cast<size_t>(size));
}

/// PKCS#1, SEC1 or the DSA form: what the oldest tools on a machine can read.
Result<std::string> traditional_pem(evp_pkey_st* key) {
  const std::unique_ptr<BIO, BioFree> output(BIO_new(BIO_s_mem()));
  const std::unique_ptr<OSSL_ENCODER_CTX, EncoderFree> encoder(
      OSSL_ENCODER_CTX_new_for_pkey(key, EVP_PKEY_KEYPAIR, "PEM", "type-specific", nullptr));
  if (!output || !encoder || OSSL_ENCODER_to_bio(encoder.get(), output.get()) != 1) {
    return internal("the private key cannot be written");
  }
  std::string text = contents(output.get());
  // An EC key is preceded by its parameters, which SSH tools do not expect.
  const size_t key_at = text.find("-----BEGIN EC PRIVATE KEY-----");
  if (key_at != std::string::npos) text.erase(0, key_at);
  return text;
}

std::string lines_of_70(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size(); at += 70) out += text.substr(at, 70) + "\n";
  return out;
}

/// OpenSSH's container: the only private form that its tools read for ed25519.
Result<std::string> openssh_ed25519(const PrivateKey& key, const std::string& comment) {
  std::string seed(32, '\0');
  size_t length = seed.size();
  if (EVP_PKEY_get_raw_private_key(key.native(), reinterpret_cast<unsigned char*>(seed.data()),
                                   &length) != 1) {
    return internal("the private key cannot be written");
  }
  WireReader blob(key.public_blob());
  blob.string();
  const std::string point(blob.string());
  // Two equal numbers prove a right passphrase; without one any number does.
  WireWriter secret;
  secret.u32(0x6661726d).u32(0x6661726d);
  secret.string("ssh-ed25519").string(point).string(seed + point).string(comment);
  for (uint8_t pad = 1; secret.bytes().size() % 8 != 0; ++pad) secret.byte(pad);
  WireWriter out;
  out.raw(std::string_view("openssh-key-v1\0", 15)).string("none").string("none").string("");
  out.u32(1).string(key.public_blob()).string(secret.bytes());
  return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + lines_of_70(base64_encode(out.bytes())) +
         "-----END OPENSSH PRIVATE KEY-----\n";
}

}  // namespace

Result<KeyPairType> key_pair_type_from_name(const std::string& name) {
  if (name == "rsa") return KeyPairType::Rsa;
  if (name == "ecdsa") return KeyPairType::Ecdsa;
  if (name == "ed25519") return KeyPairType::Ed25519;
  if (name == "dsa") return KeyPairType::Dsa;
  return invalid_input("temporary_key_pair_type must be dsa, ecdsa, ed25519 or rsa, not " + name);
}

Result<KeyPair> generate_key_pair(KeyPairType type, int64_t bits, const std::string& comment) {
  EvpPkey native = TRY(generate_native(type, bits));
  if (!native) return internal("libcrypto made no key pair");
  const PrivateKey key = TRY(PrivateKey::adopt(std::move(native)));
  std::string text;
  if (type == KeyPairType::Ed25519) {
    text = TRY(openssh_ed25519(key, comment));
  } else {
    text = TRY(traditional_pem(key.native()));
  }
  KeyPair pair;
  pair.private_key = Secret(std::move(text));
  pair.authorized_keys = key.type_name() + " " + base64_encode(key.public_blob()) +
                         (comment.empty() ? "" : " " + comment) + "\n";
  return pair;
}

}  // namespace farm::builders::ssh
