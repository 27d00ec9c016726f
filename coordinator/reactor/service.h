// Service: the coordinator behind its endpoints: checks who may do what, turns messages into events
// of the core, makes what they change durable and answers. One thread (the reactor); the transport,
// the store thread and the clock are given, so that tests run it whole.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/wire/join_token.h"
#include "coordinator/access/access.h"
#include "coordinator/access/audit_log.h"
#include "coordinator/access/rate_limit.h"
#include "coordinator/api/query.h"
#include "coordinator/artifacts/upload_desk.h"
#include "coordinator/core/step.h"
#include "coordinator/fleet/transport.h"
#include "coordinator/intake/intake.h"
#include "coordinator/reactor/outbox.h"
#include "coordinator/reactor/subscriptions.h"

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
};

/// A backup that was asked for and may be made; the bulk thread makes it.
struct BackupOrder {
  Peer peer;
  RequestId request;
  User user;
  std::string name;
};

class Service {
 public:
  Service(ServiceParts parts, Policy policy, uint32_t incarnation);

  /// Fills the state from the store; before the first message.
  Result<void> load();

  /// Any number per round. On the bulk lane this is what the bulk thread does not decide itself:
  /// LogData, Subscribe, and whether an upload or download may begin (may_transfer).
  void handle(const Incoming& incoming);
  /// Whether the peer may open this upload or download; the error is for it.
  Result<void> may_transfer(const Peer& peer, const wire::Message& message);
  /// The bulk thread has a whole file: its record, then UploadDone.
  void file_stored(const UploadDesk::Finished& finished);

  /// Fires deadlines, places jobs, hands the batch to the store thread, sends what is durable and
  /// what subscribers are due. True while subscribers are due more at once.
  bool end_round();
  std::optional<Instant> next_deadline() const;

  const State& state() const { return state_; }
  /// Backups asked for since the last call; each is to be answered by backup_made().
  std::vector<BackupOrder> take_backups() { return std::exchange(backups_, {}); }
  /// The directory of the backup, or why there is none.
  void backup_made(const BackupOrder& order, Result<std::string> directory);
  /// Users whose key was revoked since the last call: their transfers must end.
  std::vector<std::string> take_revoked() { return std::exchange(revoked_, {}); }

 private:
  void handle_control(const Peer& peer, const User& user, const wire::Message& message);
  void agent_said(const Peer& peer, const User& user, const wire::Message& message);
  void take_log(const Peer& peer, const User& user, const wire::LogData& log);
  void submit(const Peer& peer, const User& user, const wire::Submit& submit);
  Result<void> check_bundle(Submitted& event);
  void query(const Peer& peer, const User& user, const wire::Query& query);
  void command(const Peer& peer, const User& user, const wire::Command& command);
  void subscribe(const Peer& peer, const User& user, const wire::Subscribe& subscribe);
  void enroll(const Peer& peer, const wire::Enroll& enroll);

  // commands.cc
  Result<std::string> run_command(const User& user, const wire::Command& command);
  Result<std::string> cancel(const User& user, const Arguments& arguments);
  Result<std::string> drain(const User& user, const Arguments& arguments, bool draining);
  Result<std::string> requeue(const User& user, const Arguments& arguments);
  Result<std::string> create_token(const User& user, const Arguments& arguments);
  Result<std::string> revoke(const User& user, const Arguments& arguments);
  Result<std::string> list_tokens(const User& user) const;
  Result<void> order_backup(const Peer& peer, const User& user, const wire::Command& command);

  // audit_trail.cc
  /// Adds a line to the audit log; it becomes durable with the batch of the round.
  void record(const User& user, std::string action, std::string subject, const Error* error);
  /// A refusal of something that changes nothing: recorded, up to a rate.
  void record_denial(const User& user, std::string action, std::string subject,
                     const Error& error);
  Result<std::string> list_audit(const User& user, const Arguments& arguments) const;

  Now now() const { return {parts_.clock.now(), parts_.clock.wall()}; }
  /// Applies the event; replies go to `peer` when given. The event's refusal, if any.
  std::optional<Error> apply(const Event& event, const Peer* peer);
  void take_effects(Effects effects, const Peer* peer);
  void put_access(const AccessRecord& record);
  void refuse(const Peer& peer, Error error);
  bool read_only() const { return outbox_.trouble() != nullptr; }

  ServiceParts parts_;
  State state_;
  FileIndex files_;
  Outbox outbox_;
  Subscriptions subscriptions_;
  std::map<AgentId, Peer> sessions_;  // agent -> connection of its newest Hello
  std::vector<std::string> revoked_;
  std::vector<BackupOrder> backups_;
  AuditLog audit_;
  RateLimit requests_;
  RateLimit denials_{{0.2, 20}};  // per user: what is refused must not fill the store
  size_t damaged_ = 0;
};

}  // namespace farm::coordinator
