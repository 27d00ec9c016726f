// Who may do what: users by CURVE key, single-use enrolment tokens, roles. Authority is the key
// that ZAP saw, never a routing id or a name in a message. Tables are in memory; every change comes
// back as a record for the store, so that it is durable before it is answered.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/wire/message.h"

namespace farm::coordinator {

enum class Role { Agent, Viewer, Submitter, Operator, Admin };
const char* role_name(Role role);
std::optional<Role> role_from_name(const std::string& name);
/// Viewer < Submitter < Operator < Admin; Agent stands apart: it may only do its own session.
bool role_allows(Role have, Role needed);

struct User {
  std::string id;  // AgentId text for agents; stable for the life of the key
  Role role = Role::Viewer;
  std::string name;
  std::vector<std::string> labels;
  std::string public_key;  // Z85
  bool revoked = false;
  std::string old_key{};  // replaced, and good until:
  WallTime old_until{};
  bool renew = false;  // asked to make a new key
};

struct Token {
  std::string id;             // shown in lists; first part of the secret
  std::string secret_sha256;  // hex; the secret itself is shown once and not kept
  Role role = Role::Agent;
  std::string name;                 // the only name it may enrol; empty: any
  std::vector<std::string> labels;  // the labels its user gets; a claim may only narrow them
  WallTime expires;
  bool used = false;
};

/// A record for the store: key under the access table, value (empty deletes).
struct AccessRecord {
  std::string key;
  std::string value;
};

class AccessTable {
 public:
  /// Rebuilds the tables from their records. Corrupt names the record.
  static Result<std::unique_ptr<AccessTable>> load(const std::vector<AccessRecord>& records);

  /// For the ZAP thread: the user's id when `public_key` belongs to a user that is not revoked, and
  /// was not replaced too long ago.
  std::optional<std::string> authenticate(const std::string& public_key, WallTime now) const;
  /// nullopt: unknown or revoked. Owner thread: reactor.
  std::optional<User> user(const std::string& id) const;
  std::vector<User> users() const;
  std::vector<Token> tokens() const;

  struct NewToken {
    std::string secret;  // to hand over: "<id>.<random>"
    AccessRecord record;
  };
  NewToken create_token(Role role, const std::string& name, std::vector<std::string> labels,
                        WallTime expires, Random& random);
  struct Enrolled {
    User user;
    std::vector<AccessRecord> records;
  };
  /// Spends a token. `connection_key` is the CURVE key of the connection: it must be the one in
  /// the message. Denied: token unknown, spent, expired, or its name or labels are exceeded; the
  /// message does not tell which secret was near. The same key with the same token gets its user
  /// again (the answer may have been lost).
  Result<Enrolled> enroll(const wire::Enroll& request, const std::string& connection_key,
                          WallTime now, Random& random);
  /// The user comes with `new_key` from now on; the one it has is good for `overlap` more. The same
  /// key again changes nothing. InvalidInput: no key; Conflict: it is, or was, somebody's.
  Result<AccessRecord> replace_key(const std::string& id, const std::string& new_key, WallTime now,
                                   Duration overlap);
  /// Asks an agent to replace its key; it is told when it is here. NotFound.
  Result<AccessRecord> ask_for_new_key(const std::string& id_or_name);
  /// Effective at once, also on live sessions: user() no longer knows it. NotFound.
  Result<AccessRecord> revoke(const std::string& id_or_name);

 private:
  AccessTable();
  void publish();
  std::map<std::string, User> users_;    // by id
  std::map<std::string, Token> tokens_;  // by id
  struct Holder {
    std::string id;
    WallTime until;  // 0: always
  };
  // By key; read by the ZAP thread while the reactor replaces it.
  using KeyMap = std::map<std::string, Holder>;
  std::atomic<std::shared_ptr<const KeyMap>> keys_;
};

}  // namespace farm::coordinator
