// Service: the coordinator behind its endpoints: checks who may do what, turns messages into events
// of the core, makes what they change durable and answers. One thread (the reactor); the transport,
// the store thread and the clock are given, so that tests run it whole.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/wire/join_token.h"
#include "coordinator/access/access.h"
#include "coordinator/access/api_tokens.h"
#include "coordinator/access/audit_log.h"
#include "coordinator/access/rate_limit.h"
#include "coordinator/api/query.h"
#include "coordinator/artifacts/upload_desk.h"
#include "coordinator/core/step.h"
#include "coordinator/fleet/transport.h"
#include "coordinator/intake/intake.h"
#include "coordinator/intake/planning.h"
#include "coordinator/reactor/outbox.h"
#include "coordinator/reactor/subscriptions.h"
#include "coordinator/reactor/survey_desk.h"

namespace farm::coordinator {

struct ServiceParts {
  Store& store;
  Committer& committer;
  AccessTable& access;
  Transport& transport;
  const Clock& clock;
  Random& random;
  SpecReader read_spec;
  std::string version;
  std::string server_key;  // Z85, told to those who enrol
  wire::JoinToken join = {};  // what new tokens say besides their secret
  RateLimit::Rate requests = {200, 2000};  // of each person: submits, questions, commands
  /// Plans every submission again; null: the jobs are taken as they come (tests, benchmarks).
  Planning* planning = nullptr;
  /// `join` names a second door with a new key, to which everybody is moving.
  bool moving = false;
  /// Bearer tokens of the HTTP API; null: there is none.
  ApiTokens* api_tokens = nullptr;
};

/// A backup that was asked for and may be made; the bulk thread makes it.
struct BackupOrder {
  Peer peer;
  RequestId request;
  User user;
  std::string name;
};

/// The coordinator's own key is to change, or the old one to go.
struct DoorOrder {
  Peer peer;
  RequestId request;
  User user;
  bool finish = false;
};

class Service {
 public:
  Service(ServiceParts parts, Policy policy, uint32_t incarnation);

  /// Fills the state from the store; before the first message.
  Result<void> load();

  /// Any number per round. On the bulk lane this is what the bulk thread does not decide itself:
  /// LogData, Subscribe, and whether an upload or download may begin (may_transfer).
  void handle(const Incoming& incoming);
  /// A request of the HTTP API, answered to `peer` (Lane::Http). `refusal`: it is not to be done, only
  /// recorded for whoever's token it came with. `path` is for the audit log.
  void handle_http(Peer peer, const std::string& token, const std::string& path,
                   const wire::Message& message, const std::optional<Error>& refusal);
  /// Whether the peer may open this upload or download; the error is for it.
  Result<void> may_transfer(const Peer& peer, const wire::Message& message);
  /// Something of the peer was turned away before it came here: a frame that is none, a forged file.
  void turned_away(const Peer& peer, const std::string& what, const Error& error);
  /// So many connections came with keys that nobody enrolled.
  void strangers_knocked(uint64_t count);
  /// The bulk thread has a whole file: its record, then UploadDone.
  void file_stored(const UploadDesk::Finished& finished);
  /// Files whose stored bytes were found damaged: their builds are shown so until they come again.
  void files_damaged(const std::vector<std::string>& files);
  /// The planner has a plan of a submission, or a reason to refuse it.
  void planned(PlanOutcome outcome);

  /// Fires deadlines, places jobs, hands the batch to the store thread, sends what is durable and
  /// what subscribers are due. True while subscribers are due more at once.
  bool end_round();
  std::optional<Instant> next_deadline() const { return state_.next_deadline; }
  /// The store failed: questions are answered from what is durable, nothing else is done, for good.
  bool read_only() const { return outbox_.trouble() != nullptr; }

  const State& state() const { return state_; }
  /// Backups asked for since the last call; each is to be answered by backup_made().
  std::vector<BackupOrder> take_backups() { return std::exchange(backups_, {}); }
  /// The directory of the backup, or why there is none.
  void backup_made(const BackupOrder& order, Result<std::string> directory);
  /// Changes of the coordinator's own key asked for since the last call; each is to be answered by
  /// door_changed() with where it is reached now, or why nothing changed.
  std::vector<DoorOrder> take_door_orders() { return std::exchange(door_orders_, {}); }
  void door_changed(const DoorOrder& order, Result<wire::JoinToken> join);
  /// Users whose key was revoked since the last call: their transfers must end.
  std::vector<std::string> take_revoked() { return std::exchange(revoked_, {}); }

 private:
  void handle_control(const Peer& peer, const User& user, const wire::Message& message);
  void agent_said(const Peer& peer, const User& user, const wire::Message& message);
  void take_log(const Peer& peer, const User& user, const wire::LogData& log);
  wire::QueryReply answer_query(const User& user, const wire::Query& query);
  void query(const Peer& peer, const User& user, const wire::Query& query);
  void command(const Peer& peer, const User& user, const wire::Command& command);
  void subscribe(const Peer& peer, const User& user, const wire::Subscribe& subscribe);
  void enroll(const Peer& peer, const wire::Enroll& enroll);

  // submissions.cc
  void submit(const Peer& peer, const User& user, const wire::Submit& submit);
  void take_submission(const Peer& peer, const User& user, const wire::Submit& submit);
  void refuse_submit(const Peer& peer, const User& user, const wire::Submit& submit, Error error);
  Result<void> check_bundle(Submitted& event);

  // commands.cc
  Result<std::string> run_command(const User& user, const wire::Command& command);
  Result<std::string> cancel(const User& user, const Arguments& arguments);
  Result<std::string> drain(const User& user, const Arguments& arguments, bool draining);
  Result<std::string> requeue(const User& user, const Arguments& arguments);
  Result<std::string> create_token(const User& user, const Arguments& arguments);
  Result<std::string> revoke(const User& user, const Arguments& arguments);
  Result<std::string> list_tokens(const User& user) const;
  Result<std::string> read_survey(const Arguments& arguments);
  Result<std::string> order_survey(const User& user, const wire::Command& command);
  Result<void> order_backup(const Peer& peer, const User& user, const wire::Command& command);

  // key_changes.cc
  Result<std::string> replace_key(const User& user, const Arguments& arguments);
  Result<std::string> renew_key(const User& user, const Arguments& arguments);
  Result<void> order_door(const Peer& peer, const User& user, const wire::Command& command);
  void announce(const Peer& peer, const User& user);
  Result<std::string> list_keys(const User& user) const;
  std::string endpoints() const;

  // http_calls.cc
  Result<std::string> answer_any(const User& user, const std::string& what,
                                 const Arguments& arguments);
  Result<std::string> whoami(const User& user) const;
  /// A piece of a job's log as lines.
  Result<std::string> read_log(const Arguments& arguments) const;
  Result<std::string> create_api_token(const User& user, const Arguments& arguments);
  Result<std::string> revoke_api_token(const User& user, const Arguments& arguments);
  Result<std::string> list_api_tokens(const User& user) const;

  // audit_trail.cc
  /// Adds a line to the audit log; it becomes durable with the batch of the round.
  void record(const User& user, std::string action, std::string subject, const Error* error);
  /// A message about a job that was never this agent's. One it held before is no attack: late.
  void record_foreign(const User& user, const wire::Message& message);
  /// A refusal of something that changes nothing: recorded, up to a rate.
  void record_denial(const User& user, std::string action, std::string subject,
                     const Error& error);
  Result<std::string> list_audit(const User& user, const Arguments& arguments) const;

  Now now() const { return {parts_.clock.now(), parts_.clock.wall()}; }
  /// Applies the event; replies go to `peer` when given. The event's refusal, if any.
  std::optional<Error> apply(const Event& event, const Peer* peer);
  void take_effects(Effects effects, const Peer* peer);
  void put_access(const AccessRecord& record);
  /// For what says nothing about decisions of ours: it need not wait for a batch.
  void send_now(const Peer& peer, wire::Message message);
  void refuse(const Peer& peer, Error error);
  void refuse_flood(const Peer& peer);

  // read_only.cc
  /// Goes back to what is durable, so that nothing is shown which a restart would take back.
  void become_read_only();
  /// People who wait for an answer that will not come are told why.
  void refuse_unsaid();
  void handle_read_only(const Peer& peer, const User& user, const wire::Message& message);
  Error read_only_error() const;

  /// A submission whose template is being planned.
  struct Planned {
    Peer peer;
    wire::Submit submit;  // without its record
  };

  ServiceParts parts_;
  State state_;
  FileIndex files_;
  Outbox outbox_;
  Subscriptions subscriptions_;
  Unsettled unsettled_;
  std::map<AgentId, Peer> sessions_;  // agent -> connection of its newest Hello
  std::vector<std::string> revoked_;
  std::vector<BackupOrder> backups_;
  std::vector<DoorOrder> door_orders_;
  std::map<RequestId, Planned> planning_;
  SurveyDesk surveys_;
  AuditLog audit_;
  RateLimit requests_;
  RateLimit denials_{{0.2, 20}};  // per user: what is refused must not fill the store
  size_t damaged_ = 0;                 // records
  std::set<std::string> damaged_files_;  // SHA-256
};

}  // namespace farm::coordinator
