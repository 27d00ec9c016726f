#include "ops/farmctl/build/local_agent.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/io/fd.h"

namespace farm::farmctl {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

Result<std::string> read_range(const std::string& path, uint64_t from, uint64_t to) {
  const io::Fd file = TRY(io::open_file(path, O_RDONLY));
  std::string bytes(to - from, '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(file.get(), bytes.data() + have, bytes.size() - have,
                                static_cast<off_t>(from + have));
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace

Result<void> LocalAgent::join(agent::Supervisor& supervisor) {
  supervisor_ = &supervisor;
  outgoing_.emplace_back(hello_);
  return handle({});
}

Result<void> LocalAgent::handle(std::vector<wire::Message> messages) {
  while (true) {
    for (const wire::Message& message : messages) act(message);
    if (outgoing_.empty()) return {};
    const wire::Message next = std::move(outgoing_.front());
    outgoing_.pop_front();
    messages = TRY(coordinator_.deliver(next));
  }
}

void LocalAgent::act(const wire::Message& message) {
  std::visit(Overloaded{
                 [this](const wire::Offer& offer) { accept(offer); },
                 [this](const wire::Cancel& cancel) {
                   supervisor_->cancel(cancel.ref, cancel.grace);
                 },
                 [this](const wire::Revoke& revoke) {
                   supervisor_->cancel(revoke.ref, Duration::zero());
                 },
                 [this](const wire::ResultAck& ack) {
                   // A kept machine still uses its files.
                   const agent::LeaseDirectory lease(supervisor_->root() + "/" +
                                                     agent::lease_name(ack.ref));
                   if (lease.kept()) return;
                   const Result<void> gone = supervisor_->forget(ack.ref);
                   if (!gone) log::warn("lease not removed", {{"error", gone.error().message}});
                 },
                 // The rest (Welcome, SyncAck, LogAck) regulates a network that is not there.
                 [](const auto&) {},
             },
             message);
}

void LocalAgent::accept(const wire::Offer& offer) {
  shown_[offer.ref].name = offer.job_name;
  const Result<agent::LeaseDirectory> lease = supervisor_->prepare(offer);
  const Result<void> started =
      lease ? supervisor_->start(offer.ref) : Result<void>(lease.error());
  if (started) {
    outgoing_.emplace_back(wire::Accept{offer.ref});
    return;
  }
  log::error("job cannot be started", {{"error", started.error().message}});
  if (!lease) {
    outgoing_.emplace_back(wire::Refuse{offer.ref, lease.error().message});
  } else {
    outgoing_.emplace_back(wire::Accept{offer.ref});
    supervisor_->fail(offer.ref, started.error());
  }
}

void LocalAgent::kill_all() {
  for (const wire::RunningJob& job : supervisor_->inventory()) {
    supervisor_->cancel(job.ref, Duration::zero());
  }
}

void LocalAgent::answer(const std::string& text) {
  if (prompts_.empty()) return;
  supervisor_->answer(prompts_.front().ref, text);
  prompts_.pop_front();
}

void LocalAgent::on_log(const wire::JobRef& ref, uint64_t bytes) {
  const auto found = shown_.find(ref);
  if (found == shown_.end()) return;
  Shown& shown = found->second;
  if (bytes <= shown.offset) return;
  const std::string path =
      supervisor_->root() + "/" + agent::lease_name(ref) + "/log";
  Result<std::string> piece = read_range(path, shown.offset, bytes);
  if (!piece) return log::warn("build log not read", {{"error", piece.error().message}});
  const size_t whole = wire::read_records(*piece, [&](const wire::LogRecord& record) {
    output_.record(shown.name, record);
    if (auto picture = shown.pictures.take(record)) shown.last_picture = *std::move(picture);
  });
  if (whole == std::string::npos) {
    log::error("build log is damaged", {{"path", path}});
    shown.offset = bytes;
    return;
  }
  piece->resize(whole);
  outgoing_.emplace_back(wire::LogData{ref, shown.offset, *std::move(piece)});
  shown.offset += whole;
}

void LocalAgent::on_phase(const wire::PhaseChange& change) { outgoing_.emplace_back(change); }

void LocalAgent::on_resource(const wire::ResourceEvent& event) {
  // Of an earlier run's lease the coordinator of this one knows nothing.
  if (shown_.contains(event.ref)) outgoing_.emplace_back(event);
}

void LocalAgent::on_prompt(const wire::JobRef& ref, const std::string& text) {
  prompts_.push_back({ref, text});
}

// The journal keeps no pictures; this one is what a person wants to see of a failed machine.
void LocalAgent::show_screen(const wire::JobRef& ref) {
  const Shown& shown = shown_[ref];
  if (!shown.last_picture) return;
  const Result<std::string> path = screens_.put(shown.name, *shown.last_picture);
  if (!path) return log::warn("screen not saved", {{"error", path.error().message}});
  output_.notice(shown.name, "The machine's screen (" + shown.last_picture->caption + ") is in " +
                                 *path);
}

void LocalAgent::on_finished(const wire::JobResult& result) {
  wire::JobResult final = result;
  // Nobody asked for it here, and a drop-in does not start a build a second time by itself.
  if (!interrupted_ && final.outcome == wire::Outcome::Cancelled) {
    final.outcome = wire::Outcome::Failed;
  }
  final.error.retryable = false;
  const bool succeeded = final.outcome == wire::Outcome::Succeeded;
  output_.ended({shown_[final.ref].name, succeeded, final.error.message, final.artifacts},
                final.elapsed);
  if (!succeeded) show_screen(final.ref);
  std::erase_if(prompts_, [&](const Prompt& prompt) { return prompt.ref == final.ref; });
  shown_.erase(final.ref);
  results_[final.ref.job] = final;
  outgoing_.emplace_back(std::move(final));
}

}  // namespace farm::farmctl
