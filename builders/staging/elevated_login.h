// ElevatedLogin: whose highest privileges a tool of a Windows guest runs with.
#pragma once

#include <string>

#include "builders/core/config.h"

namespace farm::builders::staging {

struct ElevatedLogin {
  std::string user;      // empty: the login's own; may hold {{ }} of late values
  std::string password;  // likewise; empty: `user` is a service account
};

/// Options elevated_user and elevated_password; the second without the first is a finding.
ElevatedLogin decode_elevated_login(const ConfigReader& reader);

}  // namespace farm::builders::staging
