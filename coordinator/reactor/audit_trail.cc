// The audit log's place in the service: lines go into the batch of what they tell about.
#include <charconv>
#include <nlohmann/json.hpp>

#include "common/wire/codec.h"
#include "coordinator/reactor/service.h"
#include "coordinator/store/keys.h"

namespace farm::coordinator {
namespace {

constexpr uint64_t kPage = 200;  // lines of one answer

uint64_t number_argument(const Arguments& arguments, const char* name, uint64_t otherwise) {
  const auto it = arguments.find(name);
  if (it == arguments.end()) return otherwise;
  uint64_t value = 0;
  const char* end = it->second.data() + it->second.size();
  const auto read = std::from_chars(it->second.data(), end, value);
  return read.ec == std::errc() && read.ptr == end ? value : otherwise;
}

}  // namespace

void Service::record(const User& user, std::string action, std::string subject,
                     const Error* error) {
  audit::Entry entry;
  entry.time = parts_.clock.wall();
  entry.actor = user.name;
  entry.role = user.id.empty() ? "-" : role_name(user.role);
  entry.action = std::move(action);
  entry.subject = std::move(subject);
  entry.outcome = error == nullptr                    ? "done"
                  : error->code == ErrorCode::Denied ? "denied"
                                                      : "failed";
  if (error != nullptr) entry.detail = error->message;
  for (AccessRecord& line : audit_.append(std::move(entry))) {
    outbox_.batch().puts.push_back({keys::part(kAuditPart, line.key), std::move(line.value)});
  }
}

void Service::turned_away(const Peer& peer, const std::string& what, const Error& error) {
  User stranger;
  stranger.name = "-";
  const User user = parts_.access.user(peer.user).value_or(stranger);
  record_denial(user, what, "", error);
}

void Service::strangers_knocked(uint64_t count) {
  User stranger;
  stranger.name = "-";
  record_denial(stranger, "connect", "",
                denied(std::to_string(count) + " connections with keys that nobody enrolled"));
}

void Service::record_foreign(const User& user, const wire::Message& message) {
  const wire::JobRef* ref = std::visit(
      [](const auto& m) -> const wire::JobRef* {
        if constexpr (requires { m.ref.job; }) {
          return &m.ref;
        } else {
          return nullptr;
        }
      },
      message);
  if (ref == nullptr) return;
  const Job* job = state_.queue.job(ref->job);
  if (job != nullptr) {
    for (const Attempt& attempt : job->attempts) {
      if (attempt.agent.str() == user.id) return;
    }
  }
  record_denial(user, wire::message_name(message), "job " + ref->job.str(),
                denied("this is not a job you hold"));
}

void Service::record_denial(const User& user, std::string action, std::string subject,
                            const Error& error) {
  if (read_only() || !denials_.take(user.id, parts_.clock.now())) return;
  record(user, std::move(action), std::move(subject), &error);
}

Result<std::string> Service::list_audit(const User& user, const Arguments& arguments) const {
  if (!role_allows(user.role, Role::Operator)) {
    return denied(std::string("this needs the role operator, you have ") + role_name(user.role));
  }
  const uint64_t last = audit_.entries();
  const uint64_t wanted = std::min<uint64_t>(number_argument(arguments, "limit", kPage), kPage);
  const uint64_t newest_page = last > wanted ? last - wanted + 1 : 1;
  const uint64_t from = std::max<uint64_t>(1, number_argument(arguments, "from", newest_page));
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (uint64_t i = from; i <= last && i < from + wanted; ++i) {
    const std::optional<std::string> text =
        TRY(parts_.store.get(keys::part(kAuditPart, AuditLog::entry_key(i))));
    // The newest lines may still be in the batch that is being formed.
    if (!text) break;
    nlohmann::ordered_json line = nlohmann::ordered_json::parse(*text, nullptr, false);
    if (line.is_object()) line["time"] = time_text(WallTime{line.value("time_ns", int64_t{0})});
    list.push_back(std::move(line));
  }
  return nlohmann::ordered_json{
      {"entries", std::move(list)}, {"total", last}, {"head", audit_.head()}}
      .dump();
}

}  // namespace farm::coordinator
