#include "builders/communicators/ssh/private_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include <charconv>
#include <utility>

#include "builders/communicators/ssh/wire.h"

namespace farm::builders::ssh {

void EvpPkeyFree::operator()(evp_pkey_st* key) const noexcept {
  EVP_PKEY_free(key);
}

namespace {

struct KeyBioFree {
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
struct BnFree {
  void operator()(BIGNUM* number) const noexcept { BN_clear_free(number); }
};
struct ParamBuilderFree {
  void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
};
struct ParamFree {
  void operator()(OSSL_PARAM* params) const noexcept { OSSL_PARAM_free(params); }
};
struct PkeyContextFree {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
struct DigestContextFree {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Bn = std::unique_ptr<BIGNUM, BnFree>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string magnitude(const BIGNUM* number, size_t width = 0) {
  const size_t size = width > 0 ? width : static_cast<size_t>(BN_num_bytes(number));
  std::string out(size, '\0');
  if (BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)) <
      0) {
    out.clear();
  }
  return out;
}

std::string parameter(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
  const Bn owned(number);
  return magnitude(number);
}

struct Curve {
  KeyKind kind;
  const char* ssh_name;
  const char* openssl_name;
};
constexpr Curve kCurves[] = {
    {KeyKind::Ecdsa256, "nistp256", "prime256v1"},
    {KeyKind::Ecdsa384, "nistp384", "secp384r1"},
    {KeyKind::Ecdsa521, "nistp521", "secp521r1"},
};

const Curve* curve_of(KeyKind kind) {
  for (const Curve& curve : kCurves) {
    if (curve.kind == kind) return &curve;
  }
  return nullptr;
}

Result<KeyKind> kind_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return KeyKind::Rsa;
    case EVP_PKEY_DSA:
      return KeyKind::Dsa;
    case EVP_PKEY_ED25519:
      return KeyKind::Ed25519;
    case EVP_PKEY_EC: {
      char name[64] = {};
      size_t length = 0;
      if (EVP_PKEY_get_group_name(key, name, sizeof name, &length) == 1) {
        for (const Curve& curve : kCurves) {
          if (curve.openssl_name == std::string_view(name, length)) return curve.kind;
        }
      }
      return invalid_input("the key's elliptic curve has no SSH name (nistp256, 384, 521 have)");
    }
    default:
      return invalid_input("a key of this kind cannot be used with SSH");
  }
}

Result<std::string> build_public_blob(const EVP_PKEY* key, KeyKind kind) {
  WireWriter out;
  out.string(key_type_name(kind));
  switch (kind) {
    case KeyKind::Rsa:
      out.mpint(parameter(key, OSSL_PKEY_PARAM_RSA_E));
      out.mpint(parameter(key, OSSL_PKEY_PARAM_RSA_N));
      break;
    case KeyKind::Dsa:
      out.mpint(parameter(key, OSSL_PKEY_PARAM_FFC_P));
      out.mpint(parameter(key, OSSL_PKEY_PARAM_FFC_Q));
      out.mpint(parameter(key, OSSL_PKEY_PARAM_FFC_G));
      out.mpint(parameter(key, OSSL_PKEY_PARAM_PUB_KEY));
      break;
    case KeyKind::Ed25519: {
      std::string raw(32, '\0');
      size_t length = raw.size();
      if (EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &length) !=
          1) {
        return internal("no public part in the ed25519 key");
      }
      out.string(raw);
      break;
    }
    default: {
      const Curve* curve = curve_of(kind);
      const size_t width = kind == KeyKind::Ecdsa256 ? 32 : kind == KeyKind::Ecdsa384 ? 48 : 66;
      const std::string x = parameter(key, OSSL_PKEY_PARAM_EC_PUB_X);
      const std::string y = parameter(key, OSSL_PKEY_PARAM_EC_PUB_Y);
      if (x.empty() || y.empty() || x.size() > width || y.size() > width) {
        return invalid_input("the elliptic curve key has no public part");
      }
      // Uncompressed point of SEC1 section 2.3.3.
      out.string(curve->ssh_name);
      out.string("\x04" + std::string(width - x.size(), '\0') + x +
                 std::string(width - y.size(), '\0') + y);
    }
  }
  return out.bytes();
}

/// Collects components of a key and makes a key of them.
class KeyBuilder {
 public:
  KeyBuilder() : builder_(OSSL_PARAM_BLD_new()) {}
  void number(const char* name, std::string_view big_endian) {
    numbers_.emplace_back(
        BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr));
    if (numbers_.back()) OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get());
  }
  void text(const char* name, const char* value) {
    OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, value, 0);
  }
  void octets(const char* name, std::string_view value) {
    OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, value.data(), value.size());
  }
  EvpPkey build(const char* algorithm) {
    const std::unique_ptr<OSSL_PARAM, ParamFree> params(OSSL_PARAM_BLD_to_param(builder_.get()));
    const std::unique_ptr<EVP_PKEY_CTX, PkeyContextFree> context(
        EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) != 1) {
      return nullptr;
    }
    return EvpPkey(key);
  }

 private:
  std::unique_ptr<OSSL_PARAM_BLD, ParamBuilderFree> builder_;
  std::vector<Bn> numbers_;
};

EvpPkey read_openssh_rsa(WireReader& in) {
  KeyBuilder key;
  key.number(OSSL_PKEY_PARAM_RSA_N, in.mpint());
  key.number(OSSL_PKEY_PARAM_RSA_E, in.mpint());
  const std::string_view d = in.mpint();
  const std::string_view inverse = in.mpint();
  const std::string_view p = in.mpint();
  const std::string_view q = in.mpint();
  key.number(OSSL_PKEY_PARAM_RSA_D, d);
  key.number(OSSL_PKEY_PARAM_RSA_FACTOR1, p);
  key.number(OSSL_PKEY_PARAM_RSA_FACTOR2, q);
  key.number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse);
  // OpenSSL uses the CRT form only with both exponents; OpenSSH leaves them out of the file.
  const Bn big_d(BN_bin2bn(bytes_of(d), static_cast<int>(d.size()), nullptr));
  struct BnContextFree {
    void operator()(BN_CTX* context) const noexcept { BN_CTX_free(context); }
  };
  const std::unique_ptr<BN_CTX, BnContextFree> scratch(BN_CTX_new());
  const auto exponent = [&](std::string_view prime) {
    const Bn less_one(BN_bin2bn(bytes_of(prime), static_cast<int>(prime.size()), nullptr));
    const Bn out(BN_new());
    if (!less_one || BN_sub_word(less_one.get(), 1) != 1 || BN_is_zero(less_one.get()) ||
        BN_mod(out.get(), big_d.get(), less_one.get(), scratch.get()) != 1) {
      return std::string();
    }
    return magnitude(out.get());
  };
  if (!in.ok() || p.empty() || q.empty()) return nullptr;
  key.number(OSSL_PKEY_PARAM_RSA_EXPONENT1, exponent(p));
  key.number(OSSL_PKEY_PARAM_RSA_EXPONENT2, exponent(q));
  return key.build("RSA");
}

EvpPkey read_openssh_ecdsa(WireReader& in) {
  const std::string_view curve_name = in.string();
  const std::string_view point = in.string();
  const std::string_view secret = in.mpint();
  for (const Curve& curve : kCurves) {
    if (curve_name != curve.ssh_name) continue;
    KeyBuilder key;
    key.text(OSSL_PKEY_PARAM_GROUP_NAME, curve.openssl_name);
    key.octets(OSSL_PKEY_PARAM_PUB_KEY, point);
    key.number(OSSL_PKEY_PARAM_PRIV_KEY, secret);
    return key.build("EC");
  }
  return nullptr;
}

EvpPkey read_openssh_dsa(WireReader& in) {
  KeyBuilder key;
  for (const char* name : {OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_Q, OSSL_PKEY_PARAM_FFC_G,
                           OSSL_PKEY_PARAM_PUB_KEY, OSSL_PKEY_PARAM_PRIV_KEY}) {
    key.number(name, in.mpint());
  }
  return key.build("DSA");
}

EvpPkey read_openssh_ed25519(WireReader& in) {
  in.string();  // the public part; the secret below contains it again
  const std::string_view secret = in.string();
  if (secret.size() != 64) return nullptr;
  return EvpPkey(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(secret), 32));
}

constexpr const char* kLocked =
    "the key is locked with a passphrase; farm cannot ask for one, so remove it "
    "(ssh-keygen -p) or use ssh_agent_auth";

/// OpenSSH's own container; its PROTOCOL.key file describes it.
Result<EvpPkey> read_openssh(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
  constexpr std::string_view kEnd = "-----END OPENSSH PRIVATE KEY-----";
  const size_t begin = text.find(kBegin);
  const size_t end = text.find(kEnd);
  if (end == std::string_view::npos || end < begin) return invalid_input("the key is cut short");
  const std::string body =
      base64_decode(text.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  WireReader in(body);
  const std::string_view magic = in.raw(15);
  const std::string_view cipher = in.string();
  in.string();  // key derivation and its options: only with a passphrase
  in.string();
  const uint32_t count = in.u32();
  in.string();  // public part
  const std::string_view secret = in.string();
  if (!in.ok() || magic != std::string_view("openssh-key-v1\0", 15) || count != 1) {
    return invalid_input("the key is damaged");
  }
  if (cipher != "none") return invalid_input(kLocked);
  WireReader fields(secret);
  const uint32_t check_one = fields.u32();
  const uint32_t check_two = fields.u32();
  const std::string_view type = fields.string();
  if (!fields.ok() || check_one != check_two) return invalid_input("the key is damaged");
  EvpPkey key;
  if (type == "ssh-rsa") {
    key = read_openssh_rsa(fields);
  } else if (type == "ssh-dss") {
    key = read_openssh_dsa(fields);
  } else if (type == "ssh-ed25519") {
    key = read_openssh_ed25519(fields);
  } else if (type.starts_with("ecdsa-sha2-")) {
    key = read_openssh_ecdsa(fields);
  } else {
    return invalid_input("a key of type " + std::string(type) + " cannot be used");
  }
  if (!key || !fields.ok()) return invalid_input("the key is damaged");
  return key;
}

/// Tells libcrypto that there is no passphrase, and remembers that one was wanted.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// DER ECDSA/DSA signature -> its two numbers.
bool split_signature(const std::string& der, std::string& r, std::string& s, size_t width) {
  const unsigned char* at = bytes_of(der);
  // DSA and ECDSA signatures have the same ASN.1 form: a sequence of two integers.
  struct SignatureFree {
    void operator()(ECDSA_SIG* signature) const noexcept { ECDSA_SIG_free(signature); }
  };
  const std::unique_ptr<ECDSA_SIG, SignatureFree> parsed(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!parsed) return false;
  r = magnitude(ECDSA_SIG_get0_r(parsed.get()), width);
  s = magnitude(ECDSA_SIG_get0_s(parsed.get()), width);
  return true;
}

const EVP_MD* digest_for(KeyKind kind, std::string_view algorithm) {
  if (algorithm == "rsa-sha2-256") return EVP_sha256();
  if (algorithm == "rsa-sha2-512") return EVP_sha512();
  switch (kind) {
    case KeyKind::Ecdsa256:
      return EVP_sha256();
    case KeyKind::Ecdsa384:
      return EVP_sha384();
    case KeyKind::Ecdsa521:
      return EVP_sha512();
    case KeyKind::Ed25519:
      return nullptr;
    default:
      return EVP_sha1();
  }
}

/// "OpenSSH_9.2p1" -> 902; 0 when the banner is another server's.
int openssh_version(std::string_view banner) {
  constexpr std::string_view kName = "OpenSSH_";
  const size_t at = banner.find(kName);
  if (at == std::string_view::npos) return 0;
  const char* cursor = banner.data() + at + kName.size();
  const char* end = banner.data() + banner.size();
  int major = 0;
  int minor = 0;
  const auto parsed = std::from_chars(cursor, end, major);
  if (parsed.ec == std::errc() && parsed.ptr < end && *parsed.ptr == '.') {
    std::from_chars(parsed.ptr + 1, end, minor);
  }
  return major * 100 + minor;
}

}  // namespace

std::string key_type_name(KeyKind kind) {
  switch (kind) {
    case KeyKind::Rsa:
      return "ssh-rsa";
    case KeyKind::Dsa:
      return "ssh-dss";
    case KeyKind::Ed25519:
      return "ssh-ed25519";
    default:
      return std::string("ecdsa-sha2-") + curve_of(kind)->ssh_name;
  }
}

std::string PrivateKey::type_name() const {
  return key_type_name(kind_);
}

Result<PrivateKey> PrivateKey::adopt(EvpPkey key) {
  if (!key) return invalid_input("no private key");
  const KeyKind kind = TRY(kind_of(key.get()));
  PrivateKey made(std::move(key), kind);
  made.public_blob_ = TRY(build_public_blob(made.key_.get(), kind));
  return made;
}

Result<PrivateKey> PrivateKey::parse(std::string_view text) {
  if (text.find("-----BEGIN OPENSSH PRIVATE KEY-----") != std::string_view::npos) {
    EvpPkey key = TRY(read_openssh(text));
    return adopt(std::move(key));
  }
  if (text.find("PRIVATE KEY-----") == std::string_view::npos) {
    return invalid_input("no private key in PEM or OpenSSH format");
  }
  const std::unique_ptr<BIO, KeyBioFree> input(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  bool passphrase_wanted = false;
  EvpPkey key(PEM_read_bio_PrivateKey(input.get(), nullptr, no_passphrase, &passphrase_wanted));
  if (passphrase_wanted) return invalid_input(kLocked);
  if (!key) return invalid_input("the key is damaged");
  return adopt(std::move(key));
}

Result<std::string> PrivateKey::sign(std::string_view algorithm, std::string_view data) const {
  const std::unique_ptr<EVP_MD_CTX, DigestContextFree> context(EVP_MD_CTX_new());
  size_t length = 0;
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, digest_for(kind_, algorithm), nullptr,
                         key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &length, bytes_of(data), data.size()) != 1) {
    return internal("the private key cannot sign");
  }
  std::string signature(length, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                     bytes_of(data), data.size()) != 1) {
    return internal("the private key cannot sign");
  }
  signature.resize(length);
  if (kind_ == KeyKind::Rsa || kind_ == KeyKind::Ed25519) return signature;
  std::string r;
  std::string s;
  // RFC 4253 section 6.6 wants two 160-bit numbers for DSA, RFC 5656 section 3.1.2 two mpints.
  if (!split_signature(signature, r, s, kind_ == KeyKind::Dsa ? 20 : 0)) {
    return internal("libcrypto made a signature of unknown form");
  }
  if (kind_ == KeyKind::Dsa) return r + s;
  return WireWriter().mpint(r).mpint(s).bytes();
}

std::vector<std::string> signature_algorithms(std::string_view type_name, std::string_view banner) {
  if (type_name != "ssh-rsa") return {std::string(type_name)};
  const int openssh = openssh_version(banner);
  if (openssh >= 702) return {"rsa-sha2-512"};
  if (openssh > 0) return {"ssh-rsa"};
  if (banner.find("dropbear") != std::string_view::npos) return {"rsa-sha2-256", "ssh-rsa"};
  return {"rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"};
}

}  // namespace farm::builders::ssh
