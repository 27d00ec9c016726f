// PrivateKey: one SSH private key, read from PEM (PKCS#1, SEC1, PKCS#8) or OpenSSH format, that
// signs by itself. libssh2 1.10 signs RSA with SHA-1 only, which current servers refuse, so the
// library is never given a key: it asks through its signature callback.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

struct evp_pkey_st;

namespace farm::builders::ssh {

struct EvpPkeyFree {
  void operator()(evp_pkey_st* key) const noexcept;
};
using EvpPkey = std::unique_ptr<evp_pkey_st, EvpPkeyFree>;

enum class KeyKind { Rsa, Dsa, Ecdsa256, Ecdsa384, Ecdsa521, Ed25519 };

class PrivateKey {
 public:
  /// InvalidInput: no key, a kind SSH does not know, or one locked by a passphrase.
  static Result<PrivateKey> parse(std::string_view text);
  static Result<PrivateKey> adopt(EvpPkey key);

  KeyKind kind() const { return kind_; }
  /// Name of the key's own format: "ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519".
  std::string type_name() const;
  /// Public key as RFC 4253 section 6.6 has it.
  const std::string& public_blob() const { return public_blob_; }
  /// Signature bytes (without the algorithm name) by `algorithm`: the type name, or for RSA also
  /// rsa-sha2-256 and rsa-sha2-512.
  Result<std::string> sign(std::string_view algorithm, std::string_view data) const;
  /// The underlying key; owned by this object.
  evp_pkey_st* native() const { return key_.get(); }

 private:
  PrivateKey(EvpPkey key, KeyKind kind) : key_(std::move(key)), kind_(kind) {}
  EvpPkey key_;
  KeyKind kind_;
  std::string public_blob_;
};

/// "ssh-rsa", "ecdsa-sha2-nistp256"...
std::string key_type_name(KeyKind kind);
/// Signature algorithms to offer for a key of type `type_name`, best first, to a server that
/// introduced itself with `banner`. Only RSA has several: servers from 2016 on take SHA-2, current
/// ones nothing else, old ones SHA-1 only; a wrong guess would cost one of the server's few tries.
std::vector<std::string> signature_algorithms(std::string_view type_name, std::string_view banner);

}  // namespace farm::builders::ssh
