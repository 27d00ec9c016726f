#include "coordinator/access/api_tokens.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "common/base/ids.h"

namespace farm::coordinator {
namespace {

constexpr const char* kKeyPrefix = "api/";
constexpr std::string_view kTextPrefix = "farmapi-";
constexpr size_t kIdLength = 10;
constexpr size_t kMaxName = 100;

std::string api_digest(const std::string& text) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

AccessRecord api_record(const ApiToken& token) {
  const nlohmann::json document = {{"id", token.id},
                                   {"sha256", token.secret_sha256},
                                   {"user", token.user},
                                   {"role", role_name(token.role)},
                                   {"name", token.name},
                                   {"expires", token.expires.nanos},
                                   {"revoked", token.revoked}};
  return {kKeyPrefix + token.id, document.dump()};
}

Result<ApiToken> read_api_token(const AccessRecord& record) {
  try {
    const nlohmann::json document = nlohmann::json::parse(record.value);
    const std::optional<Role> role = role_from_name(document.at("role").get<std::string>());
    if (!role) return corrupt("access record " + record.key + ": unknown role");
    ApiToken token;
    token.id = document.at("id").get<std::string>();
    token.secret_sha256 = document.at("sha256").get<std::string>();
    token.user = document.at("user").get<std::string>();
    token.role = *role;
    token.name = document.at("name").get<std::string>();
    token.expires = WallTime{document.at("expires").get<int64_t>()};
    token.revoked = document.at("revoked").get<bool>();
    return token;
  } catch (const nlohmann::json::exception& error) {
    return corrupt(fmt::format("access record {}: {}", record.key, error.what()));
  }
}

}  // namespace

bool ApiTokens::owns(const std::string& key) { return key.starts_with(kKeyPrefix); }

Result<ApiTokens> ApiTokens::load(const std::vector<AccessRecord>& records) {
  ApiTokens made;
  for (const AccessRecord& record : records) {
    if (!owns(record.key)) continue;
    ApiToken token = TRY(read_api_token(record));
    made.tokens_[token.id] = std::move(token);
  }
  return made;
}

Result<ApiTokens::Created> ApiTokens::create(const User& user, Role role, const std::string& name,
                                             WallTime expires, Random& random) {
  if (user.role == Role::Agent || !role_allows(user.role, role)) {
    return denied(fmt::format("a token gives at most your own role, {}", role_name(user.role)));
  }
  if (name.size() > kMaxName) return invalid_input("a token's name has at most 100 characters");
  ApiToken token;
  token.id = random.word(kIdLength);
  const std::string text = std::string(kTextPrefix) + token.id + "-" +
                           RequestId::random(random).str() + RequestId::random(random).str();
  token.secret_sha256 = api_digest(text);
  token.user = user.id;
  token.role = role;
  token.name = name;
  token.expires = expires;
  tokens_[token.id] = token;
  AccessRecord record = api_record(token);
  return Created{text, std::move(token), std::move(record)};
}

std::optional<User> ApiTokens::user_of(const std::string& text, const AccessTable& access,
                                       WallTime now) const {
  if (!text.starts_with(kTextPrefix) || text.size() > 200) return std::nullopt;
  const auto found = tokens_.find(text.substr(kTextPrefix.size(), kIdLength));
  if (found == tokens_.end()) return std::nullopt;
  const ApiToken& token = found->second;
  const std::string digest = api_digest(text);
  const bool same = digest.size() == token.secret_sha256.size() &&
                    CRYPTO_memcmp(digest.data(), token.secret_sha256.data(), digest.size()) == 0;
  if (!same || token.revoked || now >= token.expires) return std::nullopt;
  std::optional<User> user = access.user(token.user);
  if (user) user->role = std::min(user->role, token.role);
  return user;
}

Result<ApiToken> ApiTokens::find(const std::string& id) const {
  const auto found = tokens_.find(id);
  if (found == tokens_.end()) return not_found("no API token `" + id + "`");
  return found->second;
}

Result<AccessRecord> ApiTokens::revoke(const std::string& id) {
  const auto found = tokens_.find(id);
  if (found == tokens_.end()) return not_found("no API token `" + id + "`");
  found->second.revoked = true;
  return api_record(found->second);
}

std::vector<ApiToken> ApiTokens::all() const {
  std::vector<ApiToken> list;
  for (const auto& [id, token] : tokens_) list.push_back(token);
  return list;
}

}  // namespace farm::coordinator
