#include "coordinator/reactor/service.h"

#include <algorithm>

#include "common/base/fault_point.h"
#include "common/base/log.h"
#include "common/wire/codec.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/ledger_records.h"

namespace farm::coordinator {
namespace {

constexpr const char* kAccessPart = "access";
constexpr const char* kDamagePart = "damage";  // files by SHA-256
// Beyond this the store has been stuck for long: new messages are left to their senders' repeats.
constexpr size_t kMaxWaiting = 100'000;
constexpr uint64_t kMaxLog = 1ULL << 30;
constexpr size_t kMaxLogPiece = 4U << 20;
constexpr size_t kMaxLabels = 64;

/// What a command is about, for the audit log: never a secret, those come in answers only.
std::string subject_of(const Arguments& arguments) {
  for (const char* name : {"job", "build", "agent", "name", "role"}) {
    const auto it = arguments.find(name);
    if (it != arguments.end() && !it->second.empty()) return std::string(name) + " " + it->second;
  }
  return {};
}

bool is_agent_message(const wire::Message& message) {
  return std::holds_alternative<wire::Hello>(message) ||
         std::holds_alternative<wire::Sync>(message) ||
         std::holds_alternative<wire::Accept>(message) ||
         std::holds_alternative<wire::Refuse>(message) ||
         std::holds_alternative<wire::PhaseChange>(message) ||
         std::holds_alternative<wire::ResourceEvent>(message) ||
         std::holds_alternative<wire::JobResult>(message) ||
         std::holds_alternative<wire::Drain>(message) ||
         std::holds_alternative<wire::Survey>(message) ||
         std::holds_alternative<wire::Restarting>(message);
}

}  // namespace

Service::Service(ServiceParts parts, Policy policy, uint32_t incarnation)
    : parts_(std::move(parts)),
      files_(parts_.store),
      outbox_(parts_.committer),
      requests_(parts_.requests) {
  state_.policy = policy;
  state_.incarnation = incarnation;
}

Result<void> Service::load() {
  const std::vector<Damage> damage = TRY(load_state(parts_.store, state_));
  for (const Damage& record : damage) {
    log::error("record cannot be read", {{"key", record.key_hex}, {"reason", record.reason}});
  }
  damaged_ = damage.size();
  const std::string prefix = keys::part(kDamagePart, "");
  TRY(parts_.store.scan(prefix, [&](std::string_view key, std::string_view) -> Result<void> {
    damaged_files_.emplace(key.substr(prefix.size()));
    return {};
  }));
  const std::optional<std::string> head = TRY(parts_.store.get(keys::part(kAuditPart, "head")));
  audit_ = TRY(AuditLog::resume(head.value_or("")));
  resume(state_, now());
  return {};
}

void Service::send_now(const Peer& peer, wire::Message message) {
  static_cast<void>(parts_.transport.send({peer, std::move(message)}));
}

void Service::refuse(const Peer& peer, Error error) {
  send_now(peer, wire::ProtocolError{std::move(error)});
}

void Service::refuse_flood(const Peer& peer) {
  refuse(peer, unavailable("you ask too much at once; wait a second and go on"));
}

void Service::handle(const Incoming& incoming) {
  const Peer& peer = incoming.from;
  if (outbox_.waiting() > kMaxWaiting) return;
  if (const auto* request = std::get_if<wire::Enroll>(&incoming.message)) {
    if (peer.lane != Lane::Enroll) return refuse(peer, denied("not the enrolment endpoint"));
    if (read_only()) {
      return send_now(peer, wire::EnrollReply{read_only_error(), {}, {}, {}, {}});
    }
    return enroll(peer, *request);
  }
  if (peer.lane == Lane::Enroll) {
    return refuse(peer, denied("this endpoint is for enrolment only"));
  }
  // Looked up for every message: a revoked key has no rights from this moment on.
  const std::optional<User> user = parts_.access.user(peer.user);
  if (!user) {
    const Error error = denied("your key is not known here, or was revoked");
    turned_away(peer, wire::message_name(incoming.message), error);
    return refuse(peer, error);
  }
  if (read_only()) return handle_read_only(peer, *user, incoming.message);
  handle_control(peer, *user, incoming.message);
}

void Service::handle_control(const Peer& peer, const User& user, const wire::Message& message) {
  if (is_agent_message(message)) return agent_said(peer, user, message);
  if (const auto* log = std::get_if<wire::LogData>(&message)) return take_log(peer, user, *log);
  if (!requests_.take(user.id, parts_.clock.now())) {
    return refuse_flood(peer);
  }
  if (const auto* m = std::get_if<wire::Submit>(&message)) return submit(peer, user, *m);
  if (const auto* m = std::get_if<wire::Query>(&message)) return query(peer, user, *m);
  if (const auto* m = std::get_if<wire::Command>(&message)) return command(peer, user, *m);
  if (const auto* m = std::get_if<wire::Subscribe>(&message)) return subscribe(peer, user, *m);
  if (const auto* m = std::get_if<wire::Unsubscribe>(&message)) {
    return subscriptions_.remove(peer, m->request);
  }
  const Error error = invalid_input(std::string("a ") + wire::message_name(message) +
                                    " is not for a coordinator");
  record_denial(user, wire::message_name(message), "", error);
  refuse(peer, error);
}

void Service::agent_said(const Peer& peer, const User& user, const wire::Message& message) {
  if (user.role != Role::Agent) {
    const Error error = denied("only agents hold jobs");
    record_denial(user, wire::message_name(message), "", error);
    return refuse(peer, error);
  }
  if (peer.lane != Lane::Control) return refuse(peer, denied("not the control endpoint"));
  Result<AgentId> id = AgentId::parse(user.id);
  if (!id) return refuse(peer, internal("the agent's user id is no agent id"));
  AgentSaid said{{*id, user.name, user.labels}, message, std::nullopt};
  if (std::holds_alternative<wire::Hello>(message)) {
    log::info("agent says hello", {{"agent", user.name}});
    sessions_[*id] = peer;
  } else if (const auto known = sessions_.find(*id);
             known != sessions_.end() && known->second.routing != peer.routing) {
    sessions_[*id] = peer;  // the same key on a newer connection; it is asked for a Hello if needed
  }
  if (const auto* result = std::get_if<wire::JobResult>(&message);
      result != nullptr && result->outcome == wire::Outcome::Succeeded) {
    Result<std::optional<std::string>> missing = files_.missing(result->artifacts);
    if (!missing) {
      // Not answered: the agent keeps its result and sends it again when the store can be read.
      log::error("file index cannot be read", {{"error", missing.error().message}});
      return;
    }
    said.missing_file = *std::move(missing);
  }
  if (const auto* survey = std::get_if<wire::Survey>(&message)) surveys_.heard(*id, *survey);
  const uint64_t foreign = state_.counters.foreign_messages;
  std::optional<Error> error = apply(said, &peer);
  if (state_.counters.foreign_messages != foreign) record_foreign(user, message);
  if (error) return refuse(peer, *std::move(error));
  if (std::holds_alternative<wire::Hello>(message)) announce(peer, user);
}

void Service::take_log(const Peer& peer, const User& user, const wire::LogData& log) {
  const Job* job = state_.queue.job(log.ref.job);
  const Attempt* attempt = job == nullptr ? nullptr : job->attempt(log.ref.epoch);
  if (attempt == nullptr || attempt->agent.str() != user.id || log.bytes.size() > kMaxLogPiece) {
    ++state_.counters.foreign_messages;
    record_foreign(user, log);
    return refuse(peer, denied("this is not the log of a job you hold"));
  }
  const uint64_t length = attempt->log_bytes;
  const BuildId build = job->build;
  uint64_t acked = length;
  const bool continues = log.offset <= length && log.offset + log.bytes.size() > length;
  if (length >= kMaxLog) {
    acked = std::max(length, log.offset + log.bytes.size());  // past the limit: taken, not kept
  } else if (continues) {
    outbox_.batch().logs.push_back({log.ref, length, log.bytes.substr(length - log.offset)});
    acked = log.offset + log.bytes.size();
    apply(LogStored{log.ref, acked}, nullptr);
    subscriptions_.log_grew(build, log.ref.job);
  }
  outbox_.send(peer, wire::LogAck{log.ref, acked});  // a gap is answered by where to go on (I9)
}

wire::QueryReply Service::answer_query(const User& user, const wire::Query& query) {
  wire::QueryReply reply{query.request, {}, std::nullopt};
  Arguments arguments = query.arguments;
  arguments["submitter"] = user.name;
  Result<std::string> json = denied("your role does not allow questions");
  if (role_allows(user.role, Role::Viewer)) json = answer_any(user, query.what, arguments);
  if (json) {
    reply.json = *std::move(json);
  } else {
    reply.error = std::move(json).error();
  }
  return reply;
}

void Service::query(const Peer& peer, const User& user, const wire::Query& query) {
  wire::QueryReply reply = answer_query(user, query);
  if (reply.error && reply.error->code == ErrorCode::Denied) {
    record_denial(user, "query " + query.what, "", *reply.error);
  }
  outbox_.send(peer, std::move(reply));
}

void Service::command(const Peer& peer, const User& user, const wire::Command& command) {
  wire::QueryReply reply{command.request, {}, std::nullopt};
  const bool door =
      command.what == "key-renew-coordinator" || command.what == "key-finish-coordinator";
  if (command.what == "backup" || door) {  // answered when it is made
    const Result<void> ordered =
        door ? order_door(peer, user, command) : order_backup(peer, user, command);
    if (ordered) return;
    record_denial(user, command.what, "", ordered.error());
    reply.error = ordered.error();
    return outbox_.send(peer, std::move(reply));
  }
  Result<std::string> json = run_command(user, command);
  const std::string subject = subject_of(command.arguments);
  if (json) {
    record(user, command.what, subject, nullptr);
    log::info("command", {{"what", command.what}, {"by", user.name}});
    reply.json = *std::move(json);
  } else {
    record_denial(user, command.what, subject, json.error());
    reply.error = std::move(json).error();
  }
  outbox_.send(peer, std::move(reply));
}

void Service::subscribe(const Peer& peer, const User& user, const wire::Subscribe& subscribe) {
  Result<void> added = denied("your role does not allow following builds");
  if (role_allows(user.role, Role::Viewer)) added = subscriptions_.add(peer, subscribe, state_);
  if (!added) {
    if (added.error().code == ErrorCode::Denied) {
      record_denial(user, "subscribe", subscribe.build.str(), added.error());
    }
    outbox_.send(peer, wire::QueryReply{subscribe.request, {}, std::move(added).error()});
  }
}

void Service::enroll(const Peer& peer, const wire::Enroll& request) {
  wire::EnrollReply reply;
  Result<AccessTable::Enrolled> enrolled = denied("too many labels");
  if (request.labels.size() <= kMaxLabels) {
    enrolled = parts_.access.enroll(request, peer.user, parts_.clock.wall(), parts_.random);
  }
  if (!enrolled) {
    log::warn("enrolment refused", {{"name", request.name}});
    User stranger;
    stranger.name = "-";
    record_denial(stranger, "enroll", request.name, enrolled.error());
    reply.error = std::move(enrolled).error();
    outbox_.send(peer, std::move(reply));
    return;
  }
  for (const AccessRecord& access : enrolled->records) put_access(access);
  record(enrolled->user, "enroll", enrolled->user.id, nullptr);
  log::info("enrolled", {{"name", enrolled->user.name}, {"role", role_name(enrolled->user.role)}});
  reply.id = enrolled->user.id;
  reply.server_key = parts_.server_key;
  reply.role = role_name(enrolled->user.role);
  reply.labels = enrolled->user.labels;
  outbox_.send(peer, std::move(reply));
}

Result<void> Service::may_transfer(const Peer& peer, const wire::Message& message) {
  const std::optional<User> user = parts_.access.user(peer.user);
  if (!user) return denied("your key is not known here, or was revoked");
  const auto* upload = std::get_if<wire::UploadBegin>(&message);
  if (upload == nullptr) {
    if (user->role == Role::Agent || role_allows(user->role, Role::Viewer)) return {};
    return denied("your role does not allow downloads");
  }
  if (read_only()) return read_only_error();
  if (user->role != Role::Agent) {
    if (!role_allows(user->role, Role::Submitter)) {
      return denied("your role does not allow uploads");
    }
    return {};
  }
  const Job* job = state_.queue.job(upload->ref.job);
  const Attempt* attempt = job == nullptr ? nullptr : job->current();
  if (attempt == nullptr || attempt->epoch != upload->ref.epoch ||
      attempt->agent.str() != user->id) {
    return denied("you do not hold this job");
  }
  return {};
}

void Service::file_stored(const UploadDesk::Finished& finished) {
  if (read_only()) return;  // not said to be done: it is asked for again
  outbox_.batch().puts.push_back(FileIndex::put(finished.sha256, finished.file));
  if (damaged_files_.erase(finished.sha256) != 0) {
    outbox_.batch().deletes.push_back(keys::part(kDamagePart, finished.sha256));
  }
  outbox_.send(finished.peer, wire::UploadDone{finished.upload, true, {}});
}

void Service::files_damaged(const std::vector<std::string>& files) {
  if (read_only()) return;  // the next process looks again
  for (const std::string& sha256 : files) {
    if (!damaged_files_.insert(sha256).second) continue;
    log::error("a stored file is damaged", {{"sha256", sha256}});
    outbox_.batch().puts.push_back({keys::part(kDamagePart, sha256), ""});
  }
}

void Service::put_access(const AccessRecord& record) {
  const std::string key = keys::part(kAccessPart, record.key);
  if (record.value.empty()) {
    outbox_.batch().deletes.push_back(key);
  } else {
    outbox_.batch().puts.push_back({key, record.value});
  }
}

std::optional<Error> Service::apply(const Event& event, const Peer* peer) {
  Effects effects = step(state_, event, now());
  std::optional<Error> refusal = std::exchange(effects.refusal, std::nullopt);
  take_effects(std::move(effects), peer);
  return refusal;
}

void Service::take_effects(Effects effects, const Peer* peer) {
  for (const Note& note : effects.notes) {
    log::warn("core", {{"note", note.text}, {"subject", note.subject}});
  }
  for (const JobMoved& move : effects.moves) {
    log::info("job moved", {{"job", move.job.str()},
                            {"from", job_state_name(move.from)},
                            {"to", job_state_name(move.to)}});
  }
  for (const JobId& id : effects.jobs) {
    subscriptions_.job_changed(state_.queue.job(id)->build, id);
    unsettled_[id] = outbox_.forming();
  }
  // The records of these effects go into the batch before the messages are queued behind it.
  add_records(state_, effects, outbox_.batch());
  for (wire::Message& reply : effects.replies) {
    if (peer != nullptr) outbox_.send(*peer, std::move(reply));
  }
  for (SendToAgent& send : effects.sends) {
    const auto session = sessions_.find(send.agent);
    if (session != sessions_.end()) outbox_.send(session->second, std::move(send.message));
  }
}

bool Service::end_round() {
  if (read_only()) return subscriptions_.pump(state_, unsettled_, parts_.store, parts_.transport);
  take_effects(settle(state_, now()), nullptr);
  for (Outgoing& outgoing : outbox_.advance()) {
    fault_point("coordinator.reply.before");
    const Result<void> sent = parts_.transport.send(outgoing);
    fault_point("coordinator.reply.after");
    if (!sent) {
      log::debug("message not sent", {{"what", wire::message_name(outgoing.message)},
                                      {"error", sent.error().message}});
    }
  }
  if (read_only()) become_read_only();
  std::erase_if(unsettled_, [&](const auto& job) { return job.second <= outbox_.durable(); });
  return subscriptions_.pump(state_, unsettled_, parts_.store, parts_.transport);
}

}  // namespace farm::coordinator
