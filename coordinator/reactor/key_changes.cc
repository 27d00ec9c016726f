// New keys: of a user or agent (registered over its old session, the old one holds for an overlap),
// and of the coordinator itself (a second door with the new key, told to every agent that comes).
#include <nlohmann/json.hpp>

#include "common/base/log.h"
#include "coordinator/reactor/service.h"

namespace farm::coordinator {
namespace {

using nlohmann::json;

// Time enough for the agent to come back with its new key, and for its first try to be lost.
constexpr Duration kKeyOverlap = std::chrono::hours(24);
constexpr size_t kShownKey = 8;

std::string argument(const Arguments& arguments, const char* name) {
  const auto it = arguments.find(name);
  return it == arguments.end() ? std::string() : it->second;
}

Result<void> need_admin(const User& user) {
  if (role_allows(user.role, Role::Admin)) return {};
  return denied(std::string("this needs the role admin, you have ") + role_name(user.role));
}

}  // namespace

Result<std::string> Service::replace_key(const User& user, const Arguments& arguments) {
  const AccessRecord record =
      TRY(parts_.access.replace_key(user.id, argument(arguments, "key"), parts_.clock.wall(),
                                    kKeyOverlap));
  put_access(record);
  return json{{"key", argument(arguments, "key")}}.dump();
}

Result<std::string> Service::renew_key(const User& user, const Arguments& arguments) {
  TRY(need_admin(user));
  const std::string name = argument(arguments, "agent");
  const AccessRecord record = TRY(parts_.access.ask_for_new_key(name));
  put_access(record);
  for (const auto& [id, peer] : sessions_) {
    const std::optional<User> agent = parts_.access.user(id.str());
    if (agent && agent->renew) announce(peer, *agent);
  }
  return json{{"asked", name}}.dump();
}

Result<void> Service::order_door(const Peer& peer, const User& user,
                                 const wire::Command& command) {
  TRY(need_admin(user));
  const bool finish = command.what == "key-finish-coordinator";
  if (finish && !parts_.moving) return conflict("the coordinator's key is not being changed");
  if (!finish && parts_.moving) {
    return conflict("the coordinator's key is being changed; see: farmctl keys");
  }
  door_orders_.push_back({peer, command.request, user, finish});
  return {};
}

void Service::door_changed(const DoorOrder& order, Result<wire::JoinToken> join) {
  wire::QueryReply reply{order.request, {}, std::nullopt};
  record(order.user, order.finish ? "key-finish-coordinator" : "key-renew-coordinator", "",
         join ? nullptr : &join.error());
  if (join) {
    parts_.join = *std::move(join);
    parts_.server_key = parts_.join.server_key;
    parts_.moving = !order.finish;
    reply.json = json{{"server_key", parts_.join.server_key},
                      {"control", parts_.join.control},
                      {"bulk", parts_.join.bulk}}
                     .dump();
    log::info(order.finish ? "the old key is not in use any more" : "the key is being changed",
              {{"public_key", parts_.server_key}, {"by", order.user.name}});
    for (const auto& [id, peer] : sessions_) {
      if (const std::optional<User> agent = parts_.access.user(id.str())) announce(peer, *agent);
    }
  } else {
    log::error("the key was not changed", {{"error", join.error().message}});
    reply.error = std::move(join).error();
  }
  outbox_.send(order.peer, std::move(reply));
}

/// Unasked: what an agent is to do about keys. It answers to nothing, so it names no request.
void Service::announce(const Peer& peer, const User& user) {
  json said = json::object();
  if (user.renew) said["renew"] = true;
  if (parts_.moving) {
    said["door"] = {{"server_key", parts_.join.server_key},
                    {"control", parts_.join.control},
                    {"bulk", parts_.join.bulk}};
  }
  if (said.empty()) return;
  outbox_.send(peer, wire::QueryReply{{}, json{{"keys", std::move(said)}}.dump(), std::nullopt});
}

Result<std::string> Service::list_keys(const User& user) const {
  TRY(need_admin(user));
  json users = json::array();
  for (const User& known : parts_.access.users()) {
    if (known.revoked) continue;
    json line = {{"name", known.name},
                 {"role", role_name(known.role)},
                 {"key", known.public_key.substr(0, kShownKey)},
                 {"asked", known.renew}};
    if (!known.old_key.empty() && parts_.clock.wall() < known.old_until) {
      line["old_key"] = known.old_key.substr(0, kShownKey);
      line["old_until"] = time_text(known.old_until);
    }
    if (const Result<AgentId> id = AgentId::parse(known.id); id && sessions_.count(*id) != 0) {
      line["door"] = sessions_.at(*id).routing.substr(0, 1);
    }
    users.push_back(std::move(line));
  }
  return json{{"keys", std::move(users)}, {"coordinator", json::parse(endpoints())}}.dump();
}

std::string Service::endpoints() const {
  return json{{"server_key", parts_.join.server_key},
              {"control", parts_.join.control},
              {"bulk", parts_.join.bulk},
              {"moving", parts_.moving}}
      .dump();
}

}  // namespace farm::coordinator
