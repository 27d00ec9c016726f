// Decryption with an RSA private key (PKCS #1 v1.5), for rsadecrypt().
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace farm::functions {

/// `pem` is a private key without a passphrase. InvalidInput says what does not fit.
Result<std::string> rsa_decrypt(std::string_view ciphertext, std::string_view pem);

}  // namespace farm::functions
