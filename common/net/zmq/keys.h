// CURVE keys: an X25519 key pair in Z85 text (40 characters each), as libzmq takes them.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/base/secret.h"

namespace farm::net {

struct CurveKeys {
  std::string public_key;
  Secret secret_key;
};

Result<CurveKeys> generate_curve_keys();
/// The public key that belongs to `secret_key`. InvalidInput when it is no Z85 key.
Result<std::string> curve_public_key(const Secret& secret_key);
/// Reads the pair from `path` (two lines: public, secret), or makes one and writes it with mode
/// 0600. Denied when others can read the file; Corrupt when the pair does not belong together.
Result<CurveKeys> load_or_create_curve_keys(const std::string& path);

}  // namespace farm::net
