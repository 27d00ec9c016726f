// Certificate: an OpenSSH user certificate as ssh-keygen -s writes it into NAME-cert.pub.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace farm::builders::ssh {

struct Certificate {
  std::string type_name;  // "ssh-rsa-cert-v01@openssh.com"
  std::string blob;

  static Result<Certificate> parse(std::string_view line);
  /// Type of the key it is for: "ssh-rsa".
  std::string key_type_name() const;
};

/// Name a request uses for a certificate whose key signs with `signature_algorithm`:
/// "rsa-sha2-512" -> "rsa-sha2-512-cert-v01@openssh.com".
std::string certificate_algorithm(std::string_view signature_algorithm);

}  // namespace farm::builders::ssh
