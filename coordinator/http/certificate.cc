#include "coordinator/http/certificate.h"

#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "common/io/files.h"

namespace farm::coordinator {
namespace {

constexpr long kLifetimeSeconds = 10L * 365 * 24 * 3600;
constexpr long kClockSkewSeconds = 24L * 3600;
constexpr uint64_t kMaxPem = 1U << 20;

template <auto Free>
struct OpenSslFree {
  template <class T>
  void operator()(T* thing) const noexcept {
    Free(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using X509Handle = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using Bio = std::unique_ptr<BIO, OpenSslFree<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, OpenSslFree<X509_EXTENSION_free>>;

std::string text_of_bio(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

Bio bio_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<std::string> fingerprint_of(const std::string& chain, const std::string& key) {
  const Bio chain_bio = bio_of(chain);
  const Bio key_bio = bio_of(key);
  const X509Handle certificate(PEM_read_bio_X509(chain_bio.get(), nullptr, nullptr, nullptr));
  // An empty phrase: a protected key is an error, never a question on a terminal.
  static char none[] = "";
  const Key secret(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, none));
  ERR_clear_error();
  if (!certificate) return invalid_input("there is no certificate in PEM form");
  if (!secret) return invalid_input("there is no key in PEM form without a passphrase");
  if (X509_check_private_key(certificate.get(), secret.get()) != 1) {
    ERR_clear_error();
    return invalid_input("the key does not belong to the certificate");
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest[i]);
  return text;
}

std::string alternative_names(const std::vector<std::string>& hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    std::array<unsigned char, 16> address{};
    const bool numeric = ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
                         ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
    names += (names.empty() ? "" : ",") + std::string(numeric ? "IP:" : "DNS:") + host;
  }
  return names;
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::vector<std::string>& hosts) {
  std::array<unsigned char, 16> serial{};
  if (RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return false;
  serial[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_set_version(certificate, X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kClockSkewSeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kLifetimeSeconds);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  static const unsigned char kName[] = "farm coordinator";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, kName, -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  return add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_alt_name, alternative_names(hosts)) &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

Result<void> make_certificate(const std::string& chain_file, const std::string& key_file,
                              const std::vector<std::string>& hosts) {
  const Key key(EVP_EC_gen("P-256"));
  const X509Handle certificate(X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get(), hosts)) {
    ERR_clear_error();
    return internal("a certificate for HTTPS cannot be made");
  }
  const Bio chain(BIO_new(BIO_s_mem()));
  const Bio secret(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(chain.get(), certificate.get());
  PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  TRY(io::write_file_atomic(key_file, text_of_bio(secret.get()), 0600));
  TRY(io::write_file_atomic(chain_file, text_of_bio(chain.get()), 0644));
  return {};
}

}  // namespace

Result<Certificate> load_certificate(const std::string& chain_file, const std::string& key_file) {
  Certificate made;
  made.chain = TRY(io::read_file(chain_file, kMaxPem));
  made.key = TRY(io::read_file(key_file, kMaxPem));
  Result<std::string> fingerprint = fingerprint_of(made.chain, made.key);
  if (!fingerprint) return std::move(fingerprint).error().within(chain_file + ", " + key_file);
  made.fingerprint = *std::move(fingerprint);
  return made;
}

Result<Certificate> own_certificate(const std::string& directory,
                                    const std::vector<std::string>& hosts) {
  const std::string chain_file = directory + "/https.crt";
  const std::string key_file = directory + "/https.key";
  if (!io::exists(chain_file) || !io::exists(key_file)) {
    TRY(make_certificate(chain_file, key_file, hosts));
  }
  return load_certificate(chain_file, key_file);
}

}  // namespace farm::coordinator
