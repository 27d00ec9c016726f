// ApiTokens: bearer tokens of the HTTP API. A token stands for a user who has a key here: it gives
// what that user's role gives, or less, and ends with the user. Secrets are shown once and kept as
// digests. Every change comes back as a record for the store. Owner thread: reactor.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/access/access.h"

namespace farm::coordinator {

struct ApiToken {
  std::string id;             // shown in lists
  std::string secret_sha256;  // hex
  std::string user;           // User::id
  Role role = Role::Viewer;   // at most this
  std::string name;           // what its owner calls it
  WallTime expires;
  bool revoked = false;
};

class ApiTokens {
 public:
  /// Takes the records of tokens and leaves the others. Corrupt names the record.
  static Result<ApiTokens> load(const std::vector<AccessRecord>& records);
  /// Whether the record under this key is one of ours.
  static bool owns(const std::string& key);

  struct Created {
    std::string text;  // "farmapi-ID-SECRET", to hand over
    ApiToken token;
    AccessRecord record;
  };
  /// Denied: an agent, or a role above the user's own.
  Result<Created> create(const User& user, Role role, const std::string& name, WallTime expires,
                         Random& random);
  /// Who speaks with this token, with the role it gives; nullopt: unknown, expired, revoked, or its
  /// user is.
  std::optional<User> user_of(const std::string& text, const AccessTable& access,
                              WallTime now) const;
  /// NotFound.
  Result<ApiToken> find(const std::string& id) const;
  Result<AccessRecord> revoke(const std::string& id);
  std::vector<ApiToken> all() const;

 private:
  std::map<std::string, ApiToken> tokens_;  // by id
};

}  // namespace farm::coordinator
