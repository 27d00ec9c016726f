// The messages of the protocol as plain structs: what coordinator, agents and farmctl say to each
// other (design.md section 4). encode()/decode() turn them into frames and back; in `farmctl build`
// the same structs travel by function call. No ZeroMQ and no generated code here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"

namespace farm::wire {

/// Phase of a job as its agent reports it.
enum class Phase : uint8_t { Preparing, Running, Uploading, Finished };
const char* phase_name(Phase phase);

struct JobRef {
  JobId job;
  Epoch epoch;
  friend auto operator<=>(const JobRef&, const JobRef&) = default;
};

/// One job that an agent holds, as it is now.
struct RunningJob {
  JobRef ref;
  Phase phase = Phase::Preparing;
  uint64_t log_bytes = 0;  // length of its log on the agent
};

// ---- session: agent <-> coordinator, control endpoint --------------------------------------

struct Hello {
  std::string name;     // as enrolled; authority is the CURVE key, never this
  std::string boot_id;
  std::string version;
  uint64_t features = 0;
  std::vector<std::string> labels;          // "key=value"
  std::vector<std::string> builders;        // component types it can run
  std::vector<std::string> provisioners;
  std::vector<std::string> post_processors;
  uint32_t slots = 1;
  uint32_t cpus = 0;
  uint64_t memory_bytes = 0;
  uint64_t disk_bytes = 0;  // free
  std::vector<RunningJob> jobs;
  /// Descriptions of external components (JSON, builders/core/schema/external.h).
  std::vector<std::string> component_schemas;
};
/// What becomes of a job the agent says it holds.
enum class Verdict : uint8_t { Keep, Revoke, Finish };  // Finish: result is recorded, forget it
struct JobVerdict {
  JobRef ref;
  Verdict verdict = Verdict::Keep;
  uint64_t log_acked = 0;  // bytes of its log the coordinator has
};
struct Welcome {
  AgentId agent;
  Duration sync_interval{0};
  Duration lease_ttl{0};
  uint64_t features = 0;
  std::string sealing_key;  // reserved for sealed secrets; empty: values travel inside CURVE only
  std::vector<JobVerdict> verdicts;
};
struct Sync {
  std::vector<RunningJob> jobs;
  uint32_t free_slots = 0;
  uint64_t disk_bytes = 0;
};
/// Also renews every lease the agent holds.
struct SyncAck {
  std::vector<JobVerdict> verdicts;
};

/// A host of a provider, as the provider's API shows it now.
struct NodeLoad {
  std::string name;
  std::string group;  // the cluster inside of the provider that it belongs to; may be empty
  bool online = false;
  bool placed_by_provider = false;  // the provider itself chooses among the hosts of the group
  uint32_t cpu_permille = 0;        // of its processors in use
  uint64_t memory_used = 0;
  uint64_t memory_bytes = 0;
  std::vector<std::string> datastores;  // that it can use
};
/// Something at a provider that bears the mark of a build.
struct MarkedThing {
  std::string kind;  // kind, name and id: as in the resource ledger
  std::string name;
  std::string id;
  std::string mark;      // whose build: the lease
  Duration age{0};       // 0: the provider does not say
  std::string error;     // Survey::removed: why it could not be removed; empty: it is gone
};
/// What an agent sees at one provider with the credential of its own configuration.
struct ProviderView {
  std::string provider;    // "proxmox", "vsphere"
  std::string place;       // host[:port] of its API
  std::string credential;  // who the agent is there; no secret
  std::vector<NodeLoad> nodes;
  std::vector<MarkedThing> things;
  std::string error;  // why there is nothing to see
};
/// Look at your providers now, after removing these.
struct SurveyOrder {
  RequestId request;
  std::vector<MarkedThing> remove;
};
struct Survey {
  RequestId request;  // of the order; empty: nobody asked
  std::vector<ProviderView> views;
  std::vector<MarkedThing> removed;  // everything of the order, with what came of it
};

struct RunOptions {
  bool force = false;
  bool debug = false;
  std::string on_error = "cleanup";
  std::string run_uuid;
  bool in_place = false;      // farmctl build: the user's own folder, nothing is uploaded
  std::string working_directory;  // in_place: absolute; else relative inside the bundle
};
/// The right to run a job until its lease ends.
struct Offer {
  JobRef ref;
  BuildId build;
  std::string job_name;  // display name
  uint32_t attempt = 1;
  std::string spec;    // plan::encode_job
  std::string bundle;  // digest of the bundle manifest (hex SHA-256); empty when in_place
  RunOptions options;
  std::vector<std::string> sensitive;  // strings to redact
  Duration total_limit{0};             // 0: none
  Duration silence_limit{0};           // 0: none
  std::string node;  // of the provider; for a template that leaves it open. Empty: the builder chooses
};
struct Accept {
  JobRef ref;
};
struct Refuse {
  JobRef ref;
  std::string reason;
};
struct PhaseChange {
  JobRef ref;
  Phase phase = Phase::Preparing;
  std::string step;  // as users read it
};
struct ResourceEvent {
  enum class Kind : uint8_t { Intent, Bound, Gone };
  JobRef ref;
  Kind kind = Kind::Intent;
  uint64_t intent = 0;
  std::string resource_kind;
  std::string name;
  std::string id;
};
struct Cancel {
  JobRef ref;
  Duration grace{0};
};
struct Revoke {
  JobRef ref;
};
struct Drain {};
struct Restarting {};  // either side: expect me back

/// One file of an artifact as it was uploaded (or stands in place).
struct FileRecord {
  std::string path;    // as the builder named it
  uint64_t size = 0;
  std::string sha256;  // hex; empty for files in place that were not read
  bool stored = false;  // the coordinator holds its bytes
};
struct ArtifactRecord {
  std::string builder_id;
  std::string id;
  std::string text;
  std::vector<FileRecord> files;
};
enum class Outcome : uint8_t { Succeeded, Failed, Cancelled };
struct JobResult {
  JobRef ref;
  Outcome outcome = Outcome::Failed;
  Error error;  // meaningful unless succeeded
  std::vector<ArtifactRecord> artifacts;
  std::string manifest;  // JSON of the job's `manifest` post-processor entries; may be empty
  uint64_t log_bytes = 0;  // final length of the log
  Duration elapsed{0};
};
struct ResultAck {
  JobRef ref;
};

// ---- bulk endpoint --------------------------------------------------------------------------

struct LogData {
  JobRef ref;
  uint64_t offset = 0;  // of the first byte of `bytes` in the job's log
  std::string bytes;    // log records as the runner wrote them (wire/log_record.h)
};
struct LogAck {
  JobRef ref;
  uint64_t offset = 0;  // durable up to here
};
/// Opens the upload of one file (artifact or bundle): which of these chunks do you lack?
struct UploadBegin {
  RequestId upload;
  JobRef ref;          // empty job: a bundle file from farmctl
  std::string path;
  uint64_t size = 0;
  uint64_t chunk_size = 0;  // fixed; the last is shorter
  std::string sha256;       // hex of the whole file; empty: comes with UploadEnd
  std::vector<std::string> chunks;  // 32-byte digests; may be empty when not hashed yet
};
struct UploadNeed {
  RequestId upload;
  std::vector<uint32_t> missing;  // indexes into chunks
  uint64_t credit = 0;            // bytes that may be in flight
};
struct UploadChunk {
  RequestId upload;
  uint32_t index = 0;
  std::string digest;  // 32 bytes
  std::string bytes;
};
struct UploadCredit {
  RequestId upload;
  uint64_t bytes = 0;  // consumed and durable or buffered; may be sent anew
};
struct UploadEnd {
  RequestId upload;
  std::string sha256;               // hex of the whole file
  std::vector<std::string> chunks;  // 32-byte digests in order
};
struct UploadDone {
  RequestId upload;
  bool ok = false;
  Error error;
};
/// Download of a stored file by digest (bundle to an agent, artifact to farmctl).
struct FetchBegin {
  RequestId fetch;
  std::string sha256;
  uint64_t offset = 0;
  uint64_t credit = 0;
};
struct FetchData {
  RequestId fetch;
  uint64_t offset = 0;
  uint64_t size = 0;  // of the whole file
  std::string bytes;  // empty with offset == size: the end
};
struct FetchCredit {
  RequestId fetch;
  uint64_t bytes = 0;
};
struct FetchFailed {
  RequestId fetch;
  Error error;
};

// ---- farmctl <-> coordinator ---------------------------------------------------------------

struct SubmittedJob {
  std::string name;  // display name
  std::string spec;  // plan::encode_job
  std::vector<std::string> labels;  // wanted: "key=value"
};
/// A file of the template's bundle; its bytes are uploaded before Submit.
struct BundleFile {
  std::string path;    // relative, inside the bundle
  std::string sha256;  // empty for a symbolic link
  uint64_t size = 0;
  uint32_t mode = 0644;
  std::string link_target;  // symbolic link
};
struct Submit {
  RequestId request;  // the same request is answered with the same build: idempotent
  std::string template_name;
  std::string submitter;
  std::vector<SubmittedJob> jobs;
  std::vector<BundleFile> bundle;
  RunOptions options;
  std::vector<std::string> sensitive;
  uint32_t parallel = 0;  // 0: no limit
  /// encode_plan_record(): what the coordinator plans again from. The specs above are then only what
  /// farmctl made of it.
  std::string plan_record;
};
struct SubmitAck {
  RequestId request;
  BuildId build;
  std::optional<Error> error;
};
/// A question; the answer is a JSON document (ops/docs/api.md lists them): "builds", "build",
/// "agents", "artifacts", "manifest", "why", "version".
struct Query {
  RequestId request;
  std::string what;
  std::map<std::string, std::string> arguments;
};
struct QueryReply {
  RequestId request;
  std::string json;
  std::optional<Error> error;
};
/// A change: "cancel", "drain", "resume", "token-create", "revoke".
struct Command {
  RequestId request;
  std::string what;
  std::map<std::string, std::string> arguments;
};
/// Follow a build: events and log bytes come until it ends or Unsubscribe.
struct Subscribe {
  RequestId request;
  BuildId build;
  bool logs = false;
  std::map<std::string, uint64_t> offsets;  // job id text -> bytes already seen
  bool follow = true;                       // false: what there is now, then the end
};
struct Unsubscribe {
  RequestId request;
};
struct BuildEvent {
  RequestId request;
  JobId job;            // empty: about the build
  std::string state;    // "running", "succeeded"...
  std::string detail;   // JSON: phase, step, agent, error, artifact
  bool last = false;    // the build has ended and everything was sent
};
struct LogChunk {
  RequestId request;
  JobId job;
  uint64_t offset = 0;
  std::string bytes;
};

// ---- enrolment endpoint ---------------------------------------------------------------------

struct Enroll {
  std::string token;
  std::string public_key;  // Z85 CURVE key, 40 characters
  std::string name;
  std::string role;  // "agent" | "client"
  std::vector<std::string> labels;
};
struct EnrollReply {
  std::optional<Error> error;
  std::string id;
  std::string server_key;  // Z85
  std::string role;
  std::vector<std::string> labels;  // as bounded by the token
};
/// Refusal of a frame that could not be read or is not allowed.
struct ProtocolError {
  Error error;
};

using Message =
    std::variant<Hello, Welcome, Sync, SyncAck, Offer, Accept, Refuse, PhaseChange, ResourceEvent,
                 Cancel, Revoke, Drain, Restarting, JobResult, ResultAck, LogData, LogAck,
                 UploadBegin, UploadNeed, UploadChunk, UploadCredit, UploadEnd, UploadDone,
                 FetchBegin, FetchData, FetchCredit, FetchFailed, Submit, SubmitAck, Query,
                 QueryReply, Command, Subscribe, Unsubscribe, BuildEvent, LogChunk, Enroll,
                 EnrollReply, ProtocolError, SurveyOrder, Survey>;

}  // namespace farm::wire
