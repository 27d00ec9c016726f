// Commands: what people change: cancel, drain, resume, requeue, tokens, revocation.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/base/log.h"
#include "common/wire/features.h"
#include "coordinator/reactor/service.h"

namespace farm::coordinator {
namespace {

using nlohmann::json;

constexpr int64_t kTokenSeconds = 3600;
constexpr int64_t kMaxTokenSeconds = 90 * 24 * 3600;

Result<void> need(const User& user, Role role) {
  if (role_allows(user.role, role)) return {};
  return denied(std::string("this needs the role ") + role_name(role) + ", you have " +
                role_name(user.role));
}

std::string get(const Arguments& arguments, const char* name) {
  const auto it = arguments.find(name);
  return it == arguments.end() ? std::string() : it->second;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace

Result<std::string> Service::run_command(const User& user, const wire::Command& command) {
  const Arguments& arguments = command.arguments;
  if (command.what == "cancel") return cancel(user, arguments);
  if (command.what == "drain") return drain(user, arguments, true);
  if (command.what == "resume") return drain(user, arguments, false);
  if (command.what == "requeue") return requeue(user, arguments);
  if (command.what == "token-create") return create_token(user, arguments);
  if (command.what == "revoke") return revoke(user, arguments);
  if (command.what == "key-replace") return replace_key(user, arguments);
  if (command.what == "key-renew") return renew_key(user, arguments);
  if (command.what == "api-token-create") return create_api_token(user, arguments);
  if (command.what == "api-token-revoke") return revoke_api_token(user, arguments);
  if (command.what == "survey") return order_survey(user, command);
  return invalid_input("unknown command `" + command.what + "`");
}

Result<std::string> Service::cancel(const User& user, const Arguments& arguments) {
  TRY(need(user, Role::Submitter));
  const std::string given = get(arguments, "reason");
  const std::string reason = "cancelled by " + user.name + (given.empty() ? "" : ": " + given);
  const std::string job_text = get(arguments, "job");
  const Job* job = nullptr;
  const Build* build = nullptr;
  if (!job_text.empty()) {
    job = TRY(find_job(state_, job_text, user.name));
    build = state_.queue.build(job->build);
  } else {
    build = TRY(find_build(state_, get(arguments, "build"), user.name));
  }
  if (build->submitter != user.name) TRY(need(user, Role::Operator));
  const BuildId build_id = build->id;
  const Event event = job != nullptr ? Event(CancelJob{job->id, reason})
                                     : Event(CancelBuild{build_id, reason});
  if (std::optional<Error> error = apply(event, nullptr)) return *std::move(error);
  return json{{"build", build_id.str()},
              {"state", build_state(state_, *state_.queue.build(build_id))}}
      .dump();
}

Result<std::string> Service::drain(const User& user, const Arguments& arguments, bool draining) {
  TRY(need(user, Role::Operator));
  const std::string name = get(arguments, "agent");
  const Agent* agent = state_.fleet.find(std::string_view(name));
  if (agent == nullptr) return not_found("no agent `" + name + "`");
  const AgentId id = agent->id;
  if (std::optional<Error> error = apply(SetDrain{id, draining}, nullptr)) {
    return *std::move(error);
  }
  return json{{"agent", id.str()}, {"draining", draining}, {"jobs", agent->jobs.size()}}.dump();
}

Result<std::string> Service::requeue(const User& user, const Arguments& arguments) {
  TRY(need(user, Role::Operator));
  const Job* job = TRY(find_job(state_, get(arguments, "job"), user.name));
  const JobId id = job->id;
  if (std::optional<Error> error = apply(RequeueJob{id}, nullptr)) return *std::move(error);
  return json{{"job", id.str()}, {"state", job_state_name(state_.queue.job(id)->state)}}.dump();
}

Result<std::string> Service::create_token(const User& user, const Arguments& arguments) {
  TRY(need(user, Role::Admin));
  const std::string role_text = get(arguments, "role");
  const std::optional<Role> role = role_from_name(role_text.empty() ? "agent" : role_text);
  if (!role) return invalid_input("unknown role `" + role_text + "`");
  int64_t lifetime = kTokenSeconds;
  const std::string text = get(arguments, "lifetime_seconds");
  const auto read = std::from_chars(text.data(), text.data() + text.size(), lifetime);
  const bool number = read.ec == std::errc() && read.ptr == text.data() + text.size();
  if (!text.empty() && (!number || lifetime < 1 || lifetime > kMaxTokenSeconds)) {
    return invalid_input("a token lives 1 to " + std::to_string(kMaxTokenSeconds) + " seconds");
  }
  WallTime expires = parts_.clock.wall();
  expires.nanos += Duration(std::chrono::seconds(lifetime)).count();
  const AccessTable::NewToken token = parts_.access.create_token(
      *role, get(arguments, "name"), split(get(arguments, "labels")), expires, parts_.random);
  put_access(token.record);
  wire::JoinToken join = parts_.join;
  join.secret = token.secret;
  return json{{"token", wire::format_join_token(join)},
              {"id", token.secret.substr(0, token.secret.find('.'))},
              {"role", role_name(*role)},
              {"expires", time_text(expires)}}
      .dump();
}

Result<std::string> Service::revoke(const User& user, const Arguments& arguments) {
  TRY(need(user, Role::Admin));
  const std::string target = get(arguments, "name");
  const std::vector<User> before = parts_.access.users();
  const AccessRecord record = TRY(parts_.access.revoke(target));
  put_access(record);
  for (const User& known : before) {
    if (known.revoked || parts_.access.user(known.id)) continue;
    revoked_.push_back(known.id);
    subscriptions_.drop_user(known.id);
    Result<AgentId> agent = AgentId::parse(known.id);
    if (known.role == Role::Agent && agent) {
      sessions_.erase(*agent);
      apply(ForgetAgent{*agent}, nullptr);
    }
  }
  return json{{"revoked", target}}.dump();
}

namespace {

struct Removal {
  std::string agent;
  wire::MarkedThing thing;
};

Result<std::vector<Removal>> read_removals(const std::string& text) {
  std::vector<Removal> removals;
  if (text.empty()) return removals;
  const json list = json::parse(text, nullptr, false);
  if (!list.is_array()) return invalid_input("`remove` is no list");
  for (const json& entry : list) {
    Removal removal;
    for (const auto& [name, field] :
         {std::pair("agent", &removal.agent), std::pair("kind", &removal.thing.kind),
          std::pair("name", &removal.thing.name), std::pair("id", &removal.thing.id),
          std::pair("mark", &removal.thing.mark)}) {
      const auto found = entry.is_object() ? entry.find(name) : entry.end();
      if (found == entry.end() || !found->is_string()) {
        return invalid_input(std::string("an entry of `remove` has no ") + name);
      }
      *field = found->get<std::string>();
    }
    removals.push_back(std::move(removal));
  }
  return removals;
}

}  // namespace

Result<std::string> Service::order_survey(const User& user, const wire::Command& command) {
  TRY(need(user, Role::Viewer));
  const std::vector<Removal> removals = TRY(read_removals(get(command.arguments, "remove")));
  if (!removals.empty()) TRY(need(user, Role::Operator));
  std::map<AgentId, std::vector<wire::MarkedThing>> remove;
  for (const Removal& removal : removals) {
    const Agent* agent = state_.fleet.find(std::string_view(removal.agent));
    if (agent == nullptr) return not_found("no agent `" + removal.agent + "`");
    if (marked_state(state_, removal.thing) == MarkedState::Running) {
      return conflict(removal.thing.name + " belongs to a job that is being built");
    }
    remove[agent->id].push_back(removal.thing);
  }
  std::vector<AgentId> agents;
  for (const auto& [id, agent] : state_.fleet.agents()) {
    const bool here = agent.connected && state_.leases.held(id) && sessions_.count(id) != 0 &&
                      (agent.features & wire::features::kSurveys) != 0;
    if (here && (removals.empty() || remove.count(id) != 0)) agents.push_back(id);
    if (!here && remove.count(id) != 0) {
      return unavailable("agent " + agent.name + " is not connected");
    }
  }
  for (auto& [id, order] : surveys_.open(command.request, agents, remove, parts_.clock.now())) {
    outbox_.send(sessions_.at(id), std::move(order));
  }
  return json{{"survey", command.request.str()}, {"agents", agents.size()}}.dump();
}

Result<std::string> Service::read_survey(const Arguments& arguments) {
  const RequestId id = TRY(RequestId::parse(get(arguments, "survey")));
  return surveys_.answer(id, state_, now());
}

Result<void> Service::order_backup(const Peer& peer, const User& user,
                                   const wire::Command& command) {
  TRY(need(user, Role::Admin));
  std::string name = get(command.arguments, "name");
  if (name.empty()) {
    name = time_text(parts_.clock.wall());  // 2026-11-22T10:00:00.000Z
    std::erase_if(name, [](char c) { return c == ':' || c == '.'; });
  }
  const auto fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '.';
  };
  if (name.size() > 100 || name[0] == '.' || !std::all_of(name.begin(), name.end(), fine)) {
    return invalid_input("a backup's name has letters, digits, `-`, `_` and `.`, not `" + name +
                         "`");
  }
  backups_.push_back({peer, command.request, user, name});
  return {};
}

void Service::backup_made(const BackupOrder& order, Result<std::string> directory) {
  wire::QueryReply reply{order.request, {}, std::nullopt};
  record(order.user, "backup", order.name, directory ? nullptr : &directory.error());
  if (directory) {
    log::info("backup made", {{"directory", *directory}, {"by", order.user.name}});
    reply.json = json{{"backup", order.name}, {"directory", *directory}}.dump();
  } else {
    log::error("backup failed", {{"error", directory.error().message}});
    reply.error = std::move(directory).error();
  }
  outbox_.send(order.peer, std::move(reply));
}

Result<std::string> Service::list_tokens(const User& user) const {
  TRY(need(user, Role::Admin));
  json list = json::array();
  for (const Token& token : parts_.access.tokens()) {
    list.push_back({{"id", token.id},
                    {"role", role_name(token.role)},
                    {"name", token.name},
                    {"labels", token.labels},
                    {"expires", time_text(token.expires)},
                    {"used", token.used}});
  }
  return json{{"tokens", std::move(list)}}.dump();
}

}  // namespace farm::coordinator
