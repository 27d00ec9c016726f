#include "builders/staging/elevated_login.h"

namespace farm::builders::staging {

ElevatedLogin decode_elevated_login(const ConfigReader& reader) {
  ElevatedLogin login;
  login.user = reader.string("elevated_user");
  login.password = reader.string("elevated_password");
  if (login.user.empty() && !login.password.empty()) {
    reader.findings().errors.emplace_back(
        "Must supply an 'elevated_user' if 'elevated_password' provided");
  }
  return login;
}

}  // namespace farm::builders::staging
