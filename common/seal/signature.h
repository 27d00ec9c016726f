// Signatures of external programs: ed25519 over the SHA-256 of the file, beside it as NAME.sig. The
// keys that count are those of the agent's or the user's configuration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace farm::seal {

/// Checks `signature` (base64 text of 64 bytes) of a file with digest `sha256` (raw bytes) against
/// `keys` (base64 texts of 32 bytes). Denied: none of them made it; InvalidInput: not base64.
Result<void> verify_signature(std::string_view sha256, const std::string& signature,
                              const std::vector<std::string>& keys);

}  // namespace farm::seal
