#include "coordinator/access/access.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <utility>

#include "common/base/ids.h"
#include "coordinator/access/api_tokens.h"

namespace farm::coordinator {
namespace {

using nlohmann::json;

constexpr size_t kKeyText = 40;
constexpr const char* kRoleNames[] = {"agent", "viewer", "submitter", "operator", "admin"};

std::string sha256_hex(const std::string& text) {
  std::array<unsigned char, 32> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

bool same_text(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

AccessRecord record_of(const User& user) {
  const json document = {{"id", user.id},         {"role", role_name(user.role)},
                         {"name", user.name},     {"labels", user.labels},
                         {"key", user.public_key}, {"revoked", user.revoked},
                         {"old_key", user.old_key}, {"old_until", user.old_until.nanos},
                         {"renew", user.renew}};
  return {"user/" + user.id, document.dump()};
}

AccessRecord record_of(const Token& token) {
  const json document = {{"id", token.id},
                         {"sha256", token.secret_sha256},
                         {"role", role_name(token.role)},
                         {"name", token.name},
                         {"labels", token.labels},
                         {"expires", token.expires.nanos},
                         {"used", token.used}};
  return {"token/" + token.id, document.dump()};
}

Result<Role> read_role(const json& document) {
  const std::optional<Role> role = role_from_name(document.at("role").get<std::string>());
  if (!role) return corrupt("unknown role");
  return *role;
}

}  // namespace

const char* role_name(Role role) { return kRoleNames[static_cast<size_t>(role)]; }

std::optional<Role> role_from_name(const std::string& name) {
  for (size_t i = 0; i < std::size(kRoleNames); ++i) {
    if (name == kRoleNames[i]) return static_cast<Role>(i);
  }
  return std::nullopt;
}

bool role_allows(Role have, Role needed) {
  if (have == Role::Agent || needed == Role::Agent) return have == needed;
  return have >= needed;
}

AccessTable::AccessTable() { publish(); }

Result<std::unique_ptr<AccessTable>> AccessTable::load(const std::vector<AccessRecord>& records) {
  std::unique_ptr<AccessTable> table(new AccessTable);
  for (const AccessRecord& record : records) {
    if (ApiTokens::owns(record.key)) continue;
    try {
      const json document = json::parse(record.value);
      const Role role = TRY(read_role(document));
      if (record.key.starts_with("user/")) {
        User user;
        user.id = document.at("id").get<std::string>();
        user.role = role;
        user.name = document.at("name").get<std::string>();
        user.labels = document.at("labels").get<std::vector<std::string>>();
        user.public_key = document.at("key").get<std::string>();
        user.revoked = document.at("revoked").get<bool>();
        user.old_key = document.value("old_key", "");
        user.old_until = WallTime{document.value("old_until", int64_t{0})};
        user.renew = document.value("renew", false);
        table->users_[user.id] = std::move(user);
      } else {
        Token token;
        token.id = document.at("id").get<std::string>();
        token.secret_sha256 = document.at("sha256").get<std::string>();
        token.role = role;
        token.name = document.at("name").get<std::string>();
        token.labels = document.at("labels").get<std::vector<std::string>>();
        token.expires = WallTime{document.at("expires").get<int64_t>()};
        token.used = document.at("used").get<bool>();
        table->tokens_[token.id] = std::move(token);
      }
    } catch (const json::exception& error) {
      return corrupt(fmt::format("access record {}: {}", record.key, error.what()));
    }
  }
  table->publish();
  return table;
}

void AccessTable::publish() {
  auto keys = std::make_shared<KeyMap>();
  for (const auto& [id, user] : users_) {
    if (user.revoked) continue;
    (*keys)[user.public_key] = {id, WallTime{}};
    if (!user.old_key.empty()) (*keys)[user.old_key] = {id, user.old_until};
  }
  keys_.store(std::move(keys));
}

std::optional<std::string> AccessTable::authenticate(const std::string& public_key,
                                                     WallTime now) const {
  const std::shared_ptr<const KeyMap> keys = keys_.load();
  const auto found = keys->find(public_key);
  if (found == keys->end()) return std::nullopt;
  const Holder& holder = found->second;
  if (holder.until != WallTime{} && now >= holder.until) return std::nullopt;
  return holder.id;
}

std::optional<User> AccessTable::user(const std::string& id) const {
  const auto found = users_.find(id);
  if (found == users_.end() || found->second.revoked) return std::nullopt;
  return found->second;
}

std::vector<User> AccessTable::users() const {
  std::vector<User> list;
  for (const auto& [id, user] : users_) list.push_back(user);
  return list;
}

std::vector<Token> AccessTable::tokens() const {
  std::vector<Token> list;
  for (const auto& [id, token] : tokens_) list.push_back(token);
  return list;
}

AccessTable::NewToken AccessTable::create_token(Role role, const std::string& name,
                                                std::vector<std::string> labels, WallTime expires,
                                                Random& random) {
  Token token;
  token.id = random.word(8);
  const std::string secret = token.id + "." + RequestId::random(random).str();
  token.secret_sha256 = sha256_hex(secret);
  token.role = role;
  token.name = name;
  token.labels = std::move(labels);
  token.expires = expires;
  AccessRecord record = record_of(token);
  tokens_[token.id] = std::move(token);
  return {secret, std::move(record)};
}

Result<AccessTable::Enrolled> AccessTable::enroll(const wire::Enroll& request,
                                                  const std::string& connection_key, WallTime now,
                                                  Random& random) {
  if (request.public_key != connection_key) {
    return denied("the key to enrol is not the key of this connection");
  }
  const auto found = tokens_.find(request.token.substr(0, request.token.find('.')));
  if (found == tokens_.end() ||
      !same_text(found->second.secret_sha256, sha256_hex(request.token))) {
    return denied("the token is not valid; fix: farmctl token create");
  }
  Token& token = found->second;
  if (token.used) {
    for (const auto& [id, user] : users_) {
      if (user.public_key == connection_key && !user.revoked) return Enrolled{user, {}};
    }
    return denied("the token was used already; fix: farmctl token create");
  }
  if (now >= token.expires) return denied("the token has expired; fix: farmctl token create");
  if (!request.role.empty() && (request.role == "agent") != (token.role == Role::Agent)) {
    return denied(fmt::format("the token is for the role {}; {}", role_name(token.role),
                              token.role == Role::Agent ? "use it with: farm-agent --token TOKEN"
                                                        : "use it with: farmctl login TOKEN"));
  }
  if (!token.name.empty() && request.name != token.name) {
    return denied(fmt::format("the token is for `{}`, not for `{}`", token.name, request.name));
  }
  for (const std::string& label : request.labels) {
    if (std::find(token.labels.begin(), token.labels.end(), label) == token.labels.end()) {
      return denied(fmt::format("the token does not allow the label `{}`", label));
    }
  }
  for (const auto& [id, user] : users_) {
    if (!user.revoked && user.name == request.name && user.role == token.role) {
      return conflict(fmt::format("the name `{}` is taken; fix: farmctl agents revoke {}, or enrol under "
                                  "another name",
                                  request.name, request.name));
    }
  }
  User user;
  user.id = AgentId::random(random).str();
  user.role = token.role;
  user.name = request.name;
  user.labels = request.labels.empty() ? token.labels : request.labels;
  user.public_key = connection_key;
  token.used = true;
  Enrolled enrolled{user, {record_of(user), record_of(token)}};
  users_[user.id] = std::move(user);
  publish();
  return enrolled;
}

Result<AccessRecord> AccessTable::replace_key(const std::string& id, const std::string& new_key,
                                              WallTime now, Duration overlap) {
  if (new_key.size() != kKeyText) return invalid_input("a public key has 40 characters");
  const auto found = users_.find(id);
  if (found == users_.end() || found->second.revoked) return not_found("no user " + id);
  User& user = found->second;
  if (user.public_key == new_key) return record_of(user);
  for (const auto& [other_id, other] : users_) {
    if (other.public_key == new_key || other.old_key == new_key) {
      return conflict("the new key was used before; make another one");
    }
  }
  user.old_key = std::exchange(user.public_key, new_key);
  user.old_until = now;
  user.old_until.nanos += overlap.count();
  user.renew = false;
  publish();
  return record_of(user);
}

Result<AccessRecord> AccessTable::ask_for_new_key(const std::string& id_or_name) {
  for (auto& [id, user] : users_) {
    if (user.revoked || user.role != Role::Agent) continue;
    if (id != id_or_name && user.name != id_or_name) continue;
    user.renew = true;
    return record_of(user);
  }
  return not_found(fmt::format("no agent `{}`", id_or_name));
}

Result<AccessRecord> AccessTable::revoke(const std::string& id_or_name) {
  for (auto& [id, user] : users_) {
    if (user.revoked || (id != id_or_name && user.name != id_or_name)) continue;
    user.revoked = true;
    publish();
    return record_of(user);
  }
  return not_found(fmt::format("no user or agent `{}`", id_or_name));
}

}  // namespace farm::coordinator
