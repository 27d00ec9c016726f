#include "coordinator/reactor/service.h"

#include <algorithm>

#include "common/base/fault_point.h"
#include "common/base/log.h"
#include "common/io/digests.h"
#include "common/wire/codec.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/ledger_records.h"

namespace farm::coordinator {
namespace {

constexpr const char* kAccessPart = "access";
// Beyond this the store has been stuck for long: new messages are left to their senders' repeats.
constexpr size_t kMaxWaiting = 100'000;
constexpr uint64_t kMaxLog = 1ULL << 30;
constexpr size_t kMaxLogPiece = 4U << 20;
constexpr size_t kMaxLabels = 64;

Error read_only_error(const Error& trouble) {
  return unavailable("the coordinator is read-only at present: " + trouble.message);
}

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
  const std::optional<std::string> head = TRY(parts_.store.get(keys::part(kAuditPart, "head")));
  audit_ = TRY(AuditLog::resume(head.value_or("")));
  resume(state_, now());
  return {};
}

void Service::refuse(const Peer& peer, Error error) {
  // Says nothing about decisions of ours, so it need not wait for a batch.
  static_cast<void>(parts_.transport.send({peer, wire::ProtocolError{std::move(error)}}));
}

void Service::handle(const Incoming& incoming) {
  const Peer& peer = incoming.from;
  if (outbox_.waiting() > kMaxWaiting) return;
  if (const auto* request = std::get_if<wire::Enroll>(&incoming.message)) {
    if (peer.lane != Lane::Enroll) return refuse(peer, denied("not the enrolment endpoint"));
    return enroll(peer, *request);
  }
  if (peer.lane == Lane::Enroll) {
    return refuse(peer, denied("this endpoint is for enrolment only"));
  }
  // Looked up for every message: a revoked key has no rights from this moment on.
  const std::optional<User> user = parts_.access.user(peer.user);
  if (!user) return refuse(peer, denied("your key is not known here, or was revoked"));
  handle_control(peer, *user, incoming.message);
}

void Service::handle_control(const Peer& peer, const User& user, const wire::Message& message) {
  if (is_agent_message(message)) return agent_said(peer, user, message);
  if (const auto* log = std::get_if<wire::LogData>(&message)) return take_log(peer, user, *log);
  if (!requests_.take(user.id, parts_.clock.now())) {
    return refuse(peer, unavailable("you ask too much at once; wait a second and go on"));
  }
  if (const auto* m = std::get_if<wire::Submit>(&message)) return submit(peer, user, *m);
  if (const auto* m = std::get_if<wire::Query>(&message)) return query(peer, user, *m);
  if (const auto* m = std::get_if<wire::Command>(&message)) return command(peer, user, *m);
  if (const auto* m = std::get_if<wire::Subscribe>(&message)) return subscribe(peer, user, *m);
  if (const auto* m = std::get_if<wire::Unsubscribe>(&message)) {
    return subscriptions_.remove(peer, m->request);
  }
  refuse(peer, invalid_input(std::string("a ") + wire::message_name(message) +
                             " is not for a coordinator"));
}

void Service::agent_said(const Peer& peer, const User& user, const wire::Message& message) {
  if (user.role != Role::Agent) return refuse(peer, denied("only agents hold jobs"));
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
  if (std::optional<Error> error = apply(said, &peer)) refuse(peer, *std::move(error));
}

void Service::take_log(const Peer& peer, const User& user, const wire::LogData& log) {
  const Job* job = state_.queue.job(log.ref.job);
  const Attempt* attempt = job == nullptr ? nullptr : job->attempt(log.ref.epoch);
  if (attempt == nullptr || attempt->agent.str() != user.id || log.bytes.size() > kMaxLogPiece) {
    ++state_.counters.foreign_messages;
    return refuse(peer, denied("this is not the log of a job you hold"));
  }
  const uint64_t length = attempt->log_bytes;
  const BuildId build = job->build;
  uint64_t acked = length;
  const bool continues = log.offset <= length && log.offset + log.bytes.size() > length;
  if (length >= kMaxLog) {
    acked = std::max(length, log.offset + log.bytes.size());  // past the limit: taken, not kept
  } else if (continues && !read_only()) {
    outbox_.batch().logs.push_back({log.ref, length, log.bytes.substr(length - log.offset)});
    acked = log.offset + log.bytes.size();
    apply(LogStored{log.ref, acked}, nullptr);
    subscriptions_.log_grew(build, log.ref.job);
  }
  outbox_.send(peer, wire::LogAck{log.ref, acked});  // a gap is answered by where to go on (I9)
}

Result<void> Service::check_bundle(Submitted& event) {
  if (event.submit.options.in_place) {
    return invalid_input("an in-place build runs only in farmctl build");
  }
  for (const wire::BundleFile& file : event.submit.bundle) {
    if (file.sha256.empty()) continue;
    const std::optional<StoredFile> stored = TRY(files_.find(file.sha256));
    if (!stored) return conflict("the bundle file " + file.path + " was not uploaded");
    if (stored->size != file.size) {
      return invalid_input("the bundle file " + file.path + " has another size than was said");
    }
  }
  const std::string manifest = artifact::encode_bundle(bundle_entries(event.submit));
  event.bundle = io::digest_hex(io::DigestKind::Sha256, manifest);
  outbox_.batch().puts.push_back(
      FileIndex::put(event.bundle, StoredFile{manifest.size(), 0, {}, manifest}));
  return {};
}

void Service::submit(const Peer& peer, const User& user, const wire::Submit& submit) {
  const auto refused = [&](Error error) {
    record_denial(user, "submit", submit.template_name, error);
    outbox_.send(peer, wire::SubmitAck{submit.request, {}, std::move(error)});
  };
  if (!role_allows(user.role, Role::Submitter)) {
    return refused(denied("your role does not allow submitting"));
  }
  if (const Error* trouble = outbox_.trouble()) {
    static_cast<void>(parts_.transport.send(
        {peer, wire::SubmitAck{submit.request, {}, read_only_error(*trouble)}}));
    return;
  }
  Result<Submitted> event = take_in(submit, user.name, parts_.read_spec, parts_.random);
  if (!event) return refused(std::move(event).error());
  const bool repeated = state_.queue.build_of(submit.request) != nullptr;
  if (!repeated) {
    if (Result<void> fine = check_bundle(*event); !fine) return refused(std::move(fine).error());
  }
  const std::optional<Error> error = apply(*event, &peer);
  if (error) return refused(*error);
  if (repeated) return;
  record(user, "submit", event->build.str(), nullptr);
  log::info("build submitted", {{"build", event->build.str()},
                                {"by", user.name},
                                {"jobs", static_cast<uint64_t>(event->ids.size())}});
}

void Service::query(const Peer& peer, const User& user, const wire::Query& query) {
  wire::QueryReply reply{query.request, {}, std::nullopt};
  Arguments arguments = query.arguments;
  arguments["submitter"] = user.name;
  const Farm farm{state_, now(), parts_.version, outbox_.trouble(), damaged_};
  Result<std::string> json = denied("your role does not allow questions");
  if (role_allows(user.role, Role::Viewer)) {
    json = query.what == "tokens"  ? list_tokens(user)
           : query.what == "audit" ? list_audit(user, arguments)
                                   : answer(farm, query.what, arguments);
  }
  if (json) {
    reply.json = *std::move(json);
  } else {
    if (json.error().code == ErrorCode::Denied) {
      record_denial(user, "query " + query.what, "", json.error());
    }
    reply.error = std::move(json).error();
  }
  if (query.what == "version") {  // must be answered while nothing can be written
    static_cast<void>(parts_.transport.send({peer, std::move(reply)}));
    return;
  }
  outbox_.send(peer, std::move(reply));
}

void Service::command(const Peer& peer, const User& user, const wire::Command& command) {
  wire::QueryReply reply{command.request, {}, std::nullopt};
  if (const Error* trouble = outbox_.trouble()) {
    reply.error = read_only_error(*trouble);
    static_cast<void>(parts_.transport.send({peer, std::move(reply)}));
    return;
  }
  if (command.what == "backup") {  // answered when it is made
    const Result<void> ordered = order_backup(peer, user, command);
    if (ordered) return;
    record_denial(user, "backup", "", ordered.error());
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
  if (const Error* trouble = outbox_.trouble()) return read_only_error(*trouble);
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
  outbox_.batch().puts.push_back(FileIndex::put(finished.sha256, finished.file));
  outbox_.send(finished.peer, wire::UploadDone{finished.upload, true, {}});
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
  for (const JobId& id : effects.jobs) subscriptions_.job_changed(state_.queue.job(id)->build, id);
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
  take_effects(settle(state_, now()), nullptr);
  for (Outgoing& outgoing : outbox_.advance(parts_.clock.now())) {
    fault_point("coordinator.reply.before");
    const Result<void> sent = parts_.transport.send(outgoing);
    fault_point("coordinator.reply.after");
    if (!sent) {
      log::debug("message not sent", {{"what", wire::message_name(outgoing.message)},
                                      {"error", sent.error().message}});
    }
  }
  return subscriptions_.pump(state_, parts_.store, parts_.transport);
}

std::optional<Instant> Service::next_deadline() const {
  std::optional<Instant> at = state_.next_deadline;
  if (const std::optional<Instant> retry = outbox_.retry_at()) {
    at = at ? std::min(*at, *retry) : *retry;
  }
  return at;
}

}  // namespace farm::coordinator
