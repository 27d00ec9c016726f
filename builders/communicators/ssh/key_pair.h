// Temporary key pairs: made for one build, put into the machine by the builder, used to log in.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/base/secret.h"

namespace farm::builders::ssh {

enum class KeyPairType { Rsa, Ecdsa, Ed25519, Dsa };

/// "rsa", "ecdsa", "ed25519", "dsa", as temporary_key_pair_type has it.
Result<KeyPairType> key_pair_type_from_name(const std::string& name);

struct KeyPair {
  Secret private_key;           // PEM; OpenSSH format for ed25519
  std::string authorized_keys;  // one line with its line end: type, key, comment
};

/// `bits` 0: 4096 for rsa, 521 for ecdsa, 1024 for dsa; ignored for ed25519. InvalidInput for a
/// size the type does not have.
Result<KeyPair> generate_key_pair(KeyPairType type, int64_t bits, const std::string& comment);

}  // namespace farm::builders::ssh
