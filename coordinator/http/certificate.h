// Certificate: what the HTTPS endpoint shows: the operator's files, or a self-signed one made at the
// first start and kept beside the store.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"

namespace farm::coordinator {

struct Certificate {
  std::string chain;  // PEM
  std::string key;    // PEM
  std::string fingerprint;  // SHA-256 of the certificate, "AB:CD:..." as browsers show it
};

/// Reads both files. InvalidInput: no certificate, or the key is not its own.
Result<Certificate> load_certificate(const std::string& chain_file, const std::string& key_file);
/// `directory`/https.crt and https.key, made for these hosts (names and addresses) when missing.
Result<Certificate> own_certificate(const std::string& directory,
                                    const std::vector<std::string>& hosts);

}  // namespace farm::coordinator
