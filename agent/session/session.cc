#include "agent/session/session.h"

#include "agent/ledger/sweep.h"
#include "agent/supervisor/resource_events.h"
#include "common/base/fault_point.h"
#include "common/base/log.h"
#include "common/io/files.h"
#include "common/wire/codec.h"
#include "common/wire/features.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace farm::agent {
namespace {

constexpr uint64_t kLogPiece = 256 * 1024;
constexpr uint64_t kLogWindow = 2U << 20;  // sent and not acknowledged, per job
constexpr Duration kHelloAgain = std::chrono::seconds(5);
// -on-error=abort: how long a machine stays for a look at it. The coordinator's verdict comes with
// every sync, so the end is noticed at the next one.
constexpr Duration kKeepMachine = std::chrono::hours(2);
constexpr Duration kResultAgain = std::chrono::seconds(30);
// Pieces of a log that were on a line that broke are lost, while the control line may stand.
constexpr Duration kLogAgain = std::chrono::seconds(10);

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

uint64_t free_bytes(const std::string& path) {
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) return 0;
  return uint64_t{status.f_bavail} * status.f_frsize;
}

std::string read_piece(const std::string& path, uint64_t from, uint64_t to) {
  const Result<io::Fd> file = io::open_file(path, O_RDONLY);
  if (!file) return {};
  std::string bytes(to - from, '\0');
  const ssize_t got =
      ::pread(file->get(), bytes.data(), bytes.size(), static_cast<off_t>(from));
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

// False while the lease's machine is to stay, or something of it could not be removed.
bool end_kept_machine(const LeaseDirectory& lease, WallTime now) {
  const std::optional<WallTime> since = lease.kept_since();
  if (!since) return true;
  if (now.nanos - since->nanos < kKeepMachine.count()) return false;
  kill_lease_processes(lease.name());
  const Result<SweepReport> report = sweep(lease.ledger());
  if (report && report->clean()) return true;
  log::warn("kept machine not removed", {{"lease", lease.name()}});
  return false;
}

}  // namespace

Session::Session(wire::Hello hello, const std::string& cache, Transport& transport,
                 const Clock& clock, Random& random)
    : hello_(std::move(hello)),
      transport_(transport),
      clock_(clock),
      bundles_(cache, transport, clock, random,
               [this](const wire::JobRef& ref, const Result<void>& r) { bundle_ready(ref, r); }),
      uploads_(transport, clock, random,
               [this](const wire::JobRef& ref, const Result<void>& r) { uploaded(ref, r); }) {}

void Session::attach(Supervisor& supervisor) {
  supervisor_ = &supervisor;
  for (const wire::RunningJob& job : supervisor.inventory()) {
    jobs_[job.ref].log_bytes = job.log_bytes;
  }
}

LeaseDirectory Session::directory_of(const wire::JobRef& ref) const {
  return LeaseDirectory(supervisor_->root() + "/" + lease_name(ref));
}

void Session::connected() {
  connected_ = true;
  welcome_ = false;
  say_hello();
}

void Session::disconnected() {
  connected_ = false;
  welcome_ = false;
}

void Session::say_hello() {
  hello_.jobs = supervisor_->inventory();
  hello_.disk_bytes = free_bytes(supervisor_->root());
  transport_.send(Lane::Control, hello_);
  next_sync_ = clock_.now() + kHelloAgain;
}

void Session::received(const wire::Message& message) {
  std::visit(
      Overloaded{
          [this](const wire::Welcome& m) { welcome(m); },
          [this](const wire::SyncAck& m) {
            for (const wire::JobVerdict& one : m.verdicts) verdict(one);
          },
          [this](const wire::Offer& m) { offer(m); },
          [this](const wire::Cancel& m) {
            bundles_.drop(m.ref);
            supervisor_->cancel(m.ref, m.grace);
          },
          [this](const wire::Revoke& m) { revoke(m.ref); },
          [this](const wire::Drain&) { draining_ = true; },
          [this](const wire::SurveyOrder& m) { supervisor_->survey(m); },
          [this](const wire::Restarting&) { welcome_ = false; },
          [this](const wire::ResultAck& m) {
            const auto job = jobs_.find(m.ref);
            if (job == jobs_.end()) return;
            job->second.result_acked = true;
            settle(m.ref);
          },
          [this](const wire::LogAck& m) { log_acked(m); },
          [this](const wire::UploadNeed& m) { uploads_.on_need(m); },
          [this](const wire::UploadCredit& m) { uploads_.on_credit(m); },
          [this](const wire::UploadDone& m) { uploads_.on_done(m); },
          [this](const wire::FetchData& m) { bundles_.on_data(m); },
          [this](const wire::FetchFailed& m) { bundles_.on_failed(m); },
          [](const wire::ProtocolError& m) {
            log::warn("the coordinator refused a message", {{"error", m.error.message}});
          },
          [&message](const auto&) {
            log::warn("unexpected message", {{"message", wire::message_name(message)}});
          },
      },
      message);
}

void Session::welcome(const wire::Welcome& welcome) {
  welcome_ = true;
  surveys_wanted_ = (welcome.features & wire::features::kSurveys) != 0;
  if (welcome.sync_interval > Duration::zero()) sync_interval_ = welcome.sync_interval;
  next_sync_ = clock_.now() + sync_interval_;
  uploads_.reconnected();
  bundles_.reconnected();
  for (const wire::JobVerdict& one : welcome.verdicts) {
    // One that was put back from a backup has less of a log than it had acknowledged.
    const auto job = jobs_.find(one.ref);
    if (job == jobs_.end() || job->second.log_acked == UINT64_MAX) continue;
    job->second.log_acked = std::min(job->second.log_acked, one.log_acked);
  }
  for (auto& [ref, job] : jobs_) {
    job.log_sent = job.log_acked;
    job.resend_at.reset();
  }
  for (const wire::JobVerdict& one : welcome.verdicts) verdict(one);
  resend_resources();
}

void Session::verdict(const wire::JobVerdict& verdict) {
  const auto found = jobs_.find(verdict.ref);
  if (found == jobs_.end()) return;
  Job& job = found->second;
  if (verdict.verdict == wire::Verdict::Revoke) return revoke(verdict.ref);
  if (verdict.log_acked > job.log_acked) {
    job.log_acked = verdict.log_acked;
    job.log_sent = std::max(job.log_sent, job.log_acked);
  }
  if (verdict.verdict == wire::Verdict::Finish) {
    job.result_acked = true;
    settle(verdict.ref);
  }
}

uint32_t Session::free_slots() const {
  const size_t active = supervisor_->active();
  return active >= hello_.slots ? 0 : hello_.slots - static_cast<uint32_t>(active);
}

void Session::offer(const wire::Offer& offer) {
  const auto refuse = [&](std::string reason) {
    transport_.send(Lane::Control, wire::Refuse{offer.ref, std::move(reason)});
  };
  if (supervisor_->holds(offer.ref)) {
    transport_.send(Lane::Control, wire::Accept{offer.ref});  // the first answer was lost
    return;
  }
  if (draining_) return refuse("the agent is draining");
  if (free_slots() == 0) return refuse("no free slot");
  if (offer.options.in_place) return refuse("a farm agent does not build in place");
  if (offer.options.debug || offer.options.on_error == "ask") {
    return refuse("-debug and -on-error=ask need a person at a terminal");
  }
  const Result<LeaseDirectory> lease = supervisor_->prepare(offer);
  if (!lease) return refuse(lease.error().message);
  jobs_[offer.ref] = {};
  fault_point("agent.accept.before");
  transport_.send(Lane::Control, wire::Accept{offer.ref});
  fault_point("agent.accept.after");
  if (!offer.bundle.empty()) return bundles_.add(offer.ref, offer.bundle, lease->work());
  bundle_ready(offer.ref, io::make_directories(lease->work(), 0700));
}

void Session::bundle_ready(const wire::JobRef& ref, const Result<void>& result) {
  const Result<void> started = result ? supervisor_->start(ref) : result;
  fault_point("agent.start.after");
  if (!started) supervisor_->fail(ref, started.error().within("prepare the job"));
}

// Another holder may have the job by now: nothing of ours counts any more.
void Session::revoke(const wire::JobRef& ref) {
  bundles_.drop(ref);
  uploads_.drop(ref);
  const auto job = jobs_.find(ref);
  if (job == jobs_.end()) return;
  job->second.result_acked = true;
  job->second.log_acked = UINT64_MAX;
  supervisor_->cancel(ref, Duration::zero());
  settle(ref);
}

void Session::log_acked(const wire::LogAck& ack) {
  const auto job = jobs_.find(ack.ref);
  if (job == jobs_.end()) return;
  if (ack.offset < job->second.log_acked) return;
  job->second.log_acked = ack.offset;
  job->second.log_moved = clock_.now();
  job->second.log_sent = std::max(job->second.log_sent, ack.offset);
  settle(ack.ref);
}

// A lease is forgotten when its result is recorded and its whole log is.
void Session::settle(const wire::JobRef& ref) {
  const auto job = jobs_.find(ref);
  if (job == jobs_.end() || !job->second.result_acked) return;
  if (!job->second.result && job->second.log_acked != UINT64_MAX) return;
  if (job->second.log_acked < job->second.log_bytes) return;
  if (!end_kept_machine(directory_of(ref), clock_.wall())) return;
  fault_point("agent.forget.before");
  const Result<void> gone = supervisor_->forget(ref);
  if (gone) {
    jobs_.erase(job);
  } else if (gone.error().code != ErrorCode::Conflict) {  // conflict: it is still ending
    log::warn("lease not removed", {{"error", gone.error().message}});
  }
}

void Session::on_log(const wire::JobRef& ref, uint64_t bytes) { jobs_[ref].log_bytes = bytes; }

void Session::on_phase(const wire::PhaseChange& change) {
  if (welcome_) transport_.send(Lane::Control, change);
}

void Session::on_resource(const wire::ResourceEvent& event) {
  if (welcome_) transport_.send(Lane::Control, event);
}

// What happened while nobody listened; the coordinator's table takes repetitions.
void Session::resend_resources() {
  for (const auto& [ref, job] : jobs_) {
    const Result<std::string> bytes = io::read_file(directory_of(ref).ledger());
    if (!bytes) continue;
    for (const wire::ResourceEvent& event : resource_events(ref, *bytes)) {
      transport_.send(Lane::Control, event);
    }
  }
}

void Session::on_prompt(const wire::JobRef& ref, const std::string&) {
  supervisor_->answer(ref, "c");  // nobody is there
}

void Session::on_survey(const wire::Survey& survey) {
  if (welcome_) transport_.send(Lane::Control, survey);
}

void Session::survey_every(Duration interval) {
  survey_interval_ = interval;
  next_survey_ = clock_.now();
}

void Session::on_finished(const wire::JobResult& result) {
  Job& job = jobs_[result.ref];
  job.log_bytes = std::max(job.log_bytes, result.log_bytes);
  if (job.log_acked == UINT64_MAX) {  // revoked while it was ending
    job.result = result;
    return settle(result.ref);
  }
  if (result.outcome != wire::Outcome::Succeeded) {
    job.result = result;
    return;
  }
  on_phase({result.ref, wire::Phase::Uploading, "upload"});
  const Result<wire::Offer> offer = directory_of(result.ref).offer();
  const std::string below = offer ? offer->options.working_directory : "";
  const LeaseDirectory lease = directory_of(result.ref);
  uploads_.add(lease, io::join_path(lease.work(), below), result);
}

void Session::uploaded(const wire::JobRef& ref, const Result<void>& outcome) {
  Result<wire::JobResult> result = directory_of(ref).result();
  if (!result) return log::error("result not read", {{"error", result.error().message}});
  for (wire::ArtifactRecord& artifact : result->artifacts) {
    for (wire::FileRecord& file : artifact.files) file.stored = outcome.has_value();
  }
  if (!outcome) {
    result->outcome = wire::Outcome::Failed;
    result->error = outcome.error();
  }
  jobs_[ref].result = *std::move(result);
}

void Session::sync() {
  wire::Sync sync;
  sync.jobs = supervisor_->inventory();
  sync.free_slots = draining_ ? 0 : free_slots();
  sync.disk_bytes = free_bytes(supervisor_->root());
  transport_.send(Lane::Control, sync);
  next_sync_ = clock_.now() + sync_interval_;
}

bool Session::stream_log(const wire::JobRef& ref, Job& job) {
  if (job.log_acked == UINT64_MAX) return false;
  if (job.log_sent > job.log_acked && clock_.now() - job.log_moved >= kLogAgain) {
    job.log_sent = job.log_acked;
  }
  if (job.log_sent >= job.log_bytes) return false;
  if (job.log_sent - job.log_acked >= kLogWindow) return false;
  const uint64_t end = std::min(job.log_bytes, job.log_sent + kLogPiece);
  std::string bytes = read_piece(directory_of(ref).log(), job.log_sent, end);
  if (bytes.empty()) return false;
  const uint64_t length = bytes.size();
  if (!transport_.send(Lane::Bulk, wire::LogData{ref, job.log_sent, std::move(bytes)})) {
    return false;
  }
  job.log_sent += length;
  job.log_moved = clock_.now();
  return true;
}

bool Session::stream_logs() {
  bool more = false;
  for (auto& [ref, job] : jobs_) more = stream_log(ref, job) || more;
  return more;
}

void Session::send_results() {
  const Instant now = clock_.now();
  for (auto& [ref, job] : jobs_) {
    if (!job.result || job.result_acked || (job.resend_at && *job.resend_at > now)) continue;
    fault_point("agent.result.before");
    if (transport_.send(Lane::Control, *job.result)) job.resend_at = now + kResultAgain;
    fault_point("agent.result.after");
  }
}

bool Session::work() {
  if (!connected_) return false;
  if (!welcome_) {
    if (clock_.now() >= next_sync_) say_hello();
    return false;
  }
  if (clock_.now() >= next_sync_) sync();
  if (survey_interval_ && surveys_wanted_ && clock_.now() >= next_survey_) {
    supervisor_->survey({});
    next_survey_ = clock_.now() + *survey_interval_;
  }
  send_results();
  const bool logs = stream_logs();
  const bool files = uploads_.work();
  const bool bundles = bundles_.work();
  return logs || files || bundles;
}

Instant Session::next_deadline() const {
  Instant at = next_sync_;
  if (!connected_) at = clock_.now() + std::chrono::seconds(1);
  for (const auto& [ref, job] : jobs_) {
    if (job.result && !job.result_acked) at = std::min(at, job.resend_at.value_or(clock_.now()));
  }
  if (survey_interval_ && surveys_wanted_ && welcome_) at = std::min(at, next_survey_);
  if (const auto retry = uploads_.retry_at()) at = std::min(at, *retry);
  if (const auto due = bundles_.deadline()) at = std::min(at, *due);
  return at;
}

void Session::say_restarting() { transport_.send(Lane::Control, wire::Restarting{}); }

bool Session::idle() const { return jobs_.empty() && supervisor_->active() == 0; }

}  // namespace farm::agent
