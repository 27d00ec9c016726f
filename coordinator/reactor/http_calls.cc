// The HTTP API's place in the service: tokens instead of keys, everything else as for farmctl: the
// same roles, rate limit, questions, commands and audit log.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "coordinator/api/metrics.h"
#include "coordinator/reactor/service.h"
#include "common/wire/log_record.h"

namespace farm::coordinator {
namespace {

using nlohmann::ordered_json;

constexpr size_t kLogPiece = 256U << 10;
constexpr uint64_t kApiTokenSeconds = 30 * 24 * 3600;
constexpr uint64_t kMaxApiTokenSeconds = 366ULL * 24 * 3600;

std::string text_argument(const Arguments& arguments, const char* name) {
  const auto it = arguments.find(name);
  return it == arguments.end() ? std::string() : it->second;
}

Result<uint64_t> count_argument(const Arguments& arguments, const char* name,
                                uint64_t otherwise) {
  const std::string text = text_argument(arguments, name);
  if (text.empty()) return otherwise;
  uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return invalid_input(std::string(name) + " is no number: `" + text + "`");
  }
  return value;
}

const char* line_kind(wire::LogKind kind) {
  switch (kind) {
    case wire::LogKind::Say: return "say";
    case wire::LogKind::Detail: return "detail";
    case wire::LogKind::Error: return "error";
    case wire::LogKind::Step: return "step";
    case wire::LogKind::Progress:
    case wire::LogKind::Picture: break;
  }
  return nullptr;
}

std::string text_of(const ordered_json& document) {
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

void Service::handle_http(Peer peer, const std::string& token, const std::string& path,
                          const wire::Message& message, const std::optional<Error>& refusal) {
  if (const auto* query = std::get_if<wire::Query>(&message);
      query != nullptr && query->what == "health") {
    const char* state = read_only() ? "{\"state\":\"read_only\"}" : "{\"state\":\"serving\"}";
    return send_now(peer, wire::QueryReply{{}, state, std::nullopt});
  }
  std::optional<User> user;
  if (parts_.api_tokens != nullptr) {
    user = parts_.api_tokens->user_of(token, parts_.access, parts_.clock.wall());
  }
  if (!user) {
    User stranger;
    stranger.name = "-";
    Error error = denied(token.empty()
                             ? "a token is needed; fix: farmctl token api"
                             : "the token is not valid here, has expired or was revoked; fix: "
                               "farmctl token api");
    // Asking without a token is how a browser begins.
    if (!token.empty()) record_denial(stranger, "https", path, error);
    return refuse(peer, std::move(error));
  }
  peer.user = user->id;
  if (refusal) {
    record_denial(*user, "https", path, *refusal);
    return send_now(peer, wire::QueryReply{{}, {}, *refusal});
  }
  if (read_only()) return handle_read_only(peer, *user, message);
  handle_control(peer, *user, message);
}

Result<std::string> Service::answer_any(const User& user, const std::string& what,
                                        const Arguments& arguments) {
  if (what == "tokens") return list_tokens(user);
  if (what == "audit") return list_audit(user, arguments);
  if (what == "keys") return list_keys(user);
  if (what == "endpoints") return endpoints();
  if (what == "survey") return read_survey(arguments);
  if (what == "whoami") return whoami(user);
  if (what == "log") return read_log(arguments);
  if (what == "api-tokens") return list_api_tokens(user);
  const Farm farm{state_, now(), parts_.version, outbox_.trouble(), damaged_,
                  &damaged_files_};
  if (what == "metrics") return metrics(farm);
  return answer(farm, what, arguments);
}

Result<std::string> Service::whoami(const User& user) const {
  return text_of({{"name", user.name}, {"role", role_name(user.role)}});
}

Result<std::string> Service::read_log(const Arguments& arguments) const {
  const std::string submitter = text_argument(arguments, "submitter");
  const std::string build_text = text_argument(arguments, "build");
  std::string job_text = text_argument(arguments, "job");
  if (!build_text.empty()) {
    const Build* build = TRY(find_build(state_, build_text, submitter));
    if (job_text.empty() && build->jobs.size() != 1) {
      return invalid_input("the build has several jobs: say which by job=NAME");
    }
    job_text = job_text.empty() ? build->jobs[0].str() : build->id.str() + "/" + job_text;
  }
  const Job* job = TRY(find_job(state_, job_text, submitter));
  uint64_t offset = TRY(count_argument(arguments, "offset", 0));
  const Attempt* last = job->attempts.empty() ? nullptr : &job->attempts.back();
  const std::string epoch = job->epoch.str();
  // A new attempt has a log of its own: who reads on is told so by another epoch.
  const std::string known = text_argument(arguments, "epoch");
  if (!known.empty() && known != epoch) offset = 0;
  ordered_json lines = ordered_json::array();
  size_t taken = 0;
  if (last != nullptr) {
    const std::string bytes =
        TRY(parts_.store.read_log({job->id, job->epoch}, offset, kLogPiece));
    taken = wire::read_records(bytes, [&](const wire::LogRecord& record) {
      const char* kind = line_kind(record.kind);
      if (kind == nullptr) return;
      lines.push_back({{"time", time_text(record.time)}, {"kind", kind}, {"text", record.text}});
    });
    if (taken == std::string::npos) return corrupt("the log cannot be read from this offset");
  }
  const uint64_t total = last == nullptr ? 0 : last->log_bytes;
  return text_of({{"job", job->id.str()},
                  {"name", job->name},
                  {"state", job_state_name(job->state)},
                  {"attempt", job->attempts.size()},
                  {"epoch", epoch},
                  {"offset", offset},
                  {"next", offset + taken},
                  {"total", total},
                  {"ended", is_terminal(job->state) && offset + taken >= total},
                  {"lines", std::move(lines)}});
}

Result<std::string> Service::create_api_token(const User& user, const Arguments& arguments) {
  if (parts_.api_tokens == nullptr) return unavailable("this coordinator has no HTTP API");
  const std::string role_text = text_argument(arguments, "role");
  const std::optional<Role> role =
      role_text.empty() ? std::optional<Role>(user.role) : role_from_name(role_text);
  if (!role) return invalid_input("unknown role `" + role_text + "`");
  const uint64_t lifetime = TRY(count_argument(arguments, "lifetime_seconds", kApiTokenSeconds));
  if (lifetime < 1 || lifetime > kMaxApiTokenSeconds) {
    return invalid_input("a token lives 1 to " + std::to_string(kMaxApiTokenSeconds) + " seconds");
  }
  WallTime expires = parts_.clock.wall();
  expires.nanos += Duration(std::chrono::seconds(lifetime)).count();
  const ApiTokens::Created made = TRY(parts_.api_tokens->create(
      user, *role, text_argument(arguments, "name"), expires, parts_.random));
  put_access(made.record);
  return text_of({{"token", made.text},
                  {"id", made.token.id},
                  {"role", role_name(made.token.role)},
                  {"expires", time_text(expires)}});
}

Result<std::string> Service::revoke_api_token(const User& user, const Arguments& arguments) {
  if (parts_.api_tokens == nullptr) return unavailable("this coordinator has no HTTP API");
  const std::string id = text_argument(arguments, "name");
  const ApiToken token = TRY(parts_.api_tokens->find(id));
  if (token.user != user.id && user.role != Role::Admin) {
    return denied("this is somebody else's token; it needs the role admin");
  }
  put_access(TRY(parts_.api_tokens->revoke(id)));
  return text_of({{"revoked", id}});
}

Result<std::string> Service::list_api_tokens(const User& user) const {
  ordered_json list = ordered_json::array();
  if (parts_.api_tokens != nullptr) {
    for (const ApiToken& token : parts_.api_tokens->all()) {
      if (token.user != user.id && user.role != Role::Admin) continue;
      const std::optional<User> owner = parts_.access.user(token.user);
      const bool expired = parts_.clock.wall() >= token.expires;
      list.push_back({{"id", token.id},
                      {"user", owner ? owner->name : ""},
                      {"role", role_name(token.role)},
                      {"name", token.name},
                      {"expires", time_text(token.expires)},
                      {"state", token.revoked || !owner ? "revoked"
                                : expired               ? "expired"
                                                        : "valid"}});
    }
  }
  return text_of({{"tokens", std::move(list)}});
}

}  // namespace farm::coordinator
