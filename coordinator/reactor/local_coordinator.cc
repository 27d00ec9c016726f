#include "coordinator/reactor/local_coordinator.h"

#include <map>
#include <utility>

#include "common/base/log.h"
#include "coordinator/core/step.h"
#include "coordinator/intake/intake.h"
#include "coordinator/scheduler/scheduler.h"
#include "coordinator/store/journal_store.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/ledger_records.h"
#include "coordinator/store/memory_store.h"

namespace farm::coordinator {
namespace {

// The one agent of a local run is this process; it needs no identity beyond being one.
const AgentId kLocalAgent{{'l', 'o', 'c', 'a', 'l'}};
constexpr const char* kLocalName = "local";
constexpr const char* kLocalSubmitter = "local";

/// No queue, no total limit, no retries: what a person at a terminal expects of a build.
Policy local_policy(const LocalOptions& options) {
  Policy policy;
  policy.sync_interval = options.sync_interval;
  // The agent cannot be lost without this process: no lease ever runs out.
  policy.lease_ttl = std::chrono::hours(24 * 365);
  policy.queue_limit = {};
  policy.prepare_limit = {};
  policy.total_limit = {};
  policy.silence_limit = {};
  policy.wedged_limit = {};
  policy.cancel_grace = options.cancel_grace;
  policy.retry_limit = 0;
  return policy;
}

JobView view_of(const Job& job) {
  JobView view;
  view.id = job.id;
  view.name = job.name;
  view.state = job.state;
  view.step = job.step;
  if (is_terminal(job.state)) view.error = job.error;
  view.artifacts = job.artifacts;
  view.manifest = job.manifest;
  view.elapsed = job.elapsed;
  view.attempts = static_cast<uint32_t>(job.attempts.size());
  return view;
}

}  // namespace

class LocalCoordinator::Impl {
 public:
  Impl(LocalOptions options, std::unique_ptr<Store> store, JournalStore* journal,
       const Clock& clock, Random& random)
      : store_(std::move(store)), journal_(journal), clock_(clock), random_(random) {
    state_.policy = local_policy(options);
  }

  Result<BuildId> submit(const wire::Submit& submit) {
    if (const Build* known = state_.queue.build_of(submit.request)) return known->id;
    Submitted event = TRY(take_in(submit, kLocalSubmitter, plan_spec_reader(), random_));
    const BuildId id = event.build;
    // Nothing is offered here: offers are messages for the agent, and those tick() returns.
    TRY(commit(step(state_, event, now())));
    return id;
  }

  Result<std::vector<wire::Message>> deliver(const wire::Message& message) {
    if (const auto* log = std::get_if<wire::LogData>(&message)) return take_log(*log);
    AgentSaid said{{kLocalAgent, kLocalName, {}}, message, std::nullopt};
    if (const auto* hello = std::get_if<wire::Hello>(&message)) said.agent.labels = hello->labels;
    Effects effects = step(state_, said, now());
    effects.merge(settle(state_, now()));
    return commit(std::move(effects));
  }

  Result<std::vector<wire::Message>> tick() { return commit(settle(state_, now())); }

  Result<std::vector<wire::Message>> cancel(const BuildId& build, const std::string& reason) {
    Effects effects = step(state_, CancelBuild{build, reason}, now());
    effects.merge(settle(state_, now()));
    return commit(std::move(effects));
  }

  std::optional<Instant> next_deadline() const {
    if (state_.place_wanted) return clock_.now();
    return state_.next_deadline;
  }

  std::optional<BuildView> build(const BuildId& id) const {
    const Build* build = state_.queue.build(id);
    if (build == nullptr) return std::nullopt;
    BuildView view;
    view.id = id;
    view.finished = true;
    view.succeeded = true;
    for (const JobId& job_id : build->jobs) {
      const Job& job = *state_.queue.job(job_id);
      view.jobs.push_back(view_of(job));
      view.finished = view.finished && is_terminal(job.state);
      view.succeeded = view.succeeded && job.state == JobState::Succeeded;
    }
    return view;
  }

  std::vector<JobChange> take_changes() { return std::exchange(changes_, {}); }

  std::vector<std::string> why(const JobId& id) const {
    const Job* job = state_.queue.job(id);
    if (job == nullptr) return {};
    return coordinator::why(*job, state_.queue, state_.fleet, state_.leases,
                            state_.policy.limits, clock_.now());
  }

  std::vector<wire::ResourceEvent> open_resources() const {
    std::vector<wire::ResourceEvent> events;
    for (const auto& [key, resource] : state_.resources.open()) events.push_back(resource.event);
    return events;
  }

  Result<void> close() { return journal_ == nullptr ? Result<void>() : journal_->close(); }

 private:
  Now now() const { return {clock_.now(), clock_.wall()}; }

  /// Makes the effects durable, then hands out their messages. When the journal cannot be written,
  /// the records and messages are kept and go out with the next call.
  Result<std::vector<wire::Message>> commit(Effects effects) {
    for (const Note& note : effects.notes) {
      log::debug("local coordinator", {{"note", note.text}, {"subject", note.subject}});
    }
    for (const JobMoved& move : effects.moves) {
      changes_.push_back({move.build, move.job, move.from, move.to});
    }
    const std::optional<Error> refusal = std::exchange(effects.refusal, std::nullopt);
    pending_.merge(std::move(effects));
    Batch batch;
    add_records(state_, pending_, batch, Secrets::LeaveOut);
    TRY(store_->apply(batch));
    std::vector<wire::Message> messages = std::move(pending_.replies);
    for (SendToAgent& send : pending_.sends) messages.push_back(std::move(send.message));
    pending_ = {};
    if (!refusal) return messages;
    pending_.replies = std::move(messages);  // they go out with the next call
    return *refusal;
  }

  Result<std::vector<wire::Message>> take_log(const wire::LogData& log) {
    const uint64_t length = TRY(store_->log_length(log.ref));
    if (log.offset > length) return corrupt("a log piece comes before the one it follows");
    const uint64_t known = length - log.offset;
    uint64_t end = length;
    if (known < log.bytes.size()) {
      Batch batch;
      batch.logs.push_back({log.ref, length, log.bytes.substr(known)});
      TRY(store_->apply(batch));
      end = log.offset + log.bytes.size();
    }
    step(state_, LogStored{log.ref, end}, now());
    return std::vector<wire::Message>{wire::LogAck{log.ref, end}};
  }

  std::unique_ptr<Store> store_;
  JournalStore* journal_;  // store_ when it is one
  const Clock& clock_;
  Random& random_;
  State state_;
  Effects pending_;  // what is not durable yet
  std::vector<JobChange> changes_;
};

LocalCoordinator::LocalCoordinator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LocalCoordinator::~LocalCoordinator() = default;

Result<std::unique_ptr<LocalCoordinator>> LocalCoordinator::open(LocalOptions options,
                                                                 const Clock& clock,
                                                                 Random& random) {
  std::unique_ptr<Store> store = std::make_unique<MemoryStore>();
  JournalStore* journal = nullptr;
  if (!options.journal.empty()) {
    std::unique_ptr<JournalStore> opened = TRY(JournalStore::open(options.journal));
    journal = opened.get();
    store = std::move(opened);
  }
  auto impl =
      std::make_unique<Impl>(std::move(options), std::move(store), journal, clock, random);
  return std::unique_ptr<LocalCoordinator>(new LocalCoordinator(std::move(impl)));
}

Result<BuildId> LocalCoordinator::submit(const wire::Submit& submit) {
  return impl_->submit(submit);
}
Result<std::vector<wire::Message>> LocalCoordinator::deliver(const wire::Message& message) {
  return impl_->deliver(message);
}
Result<std::vector<wire::Message>> LocalCoordinator::tick() { return impl_->tick(); }
std::optional<Instant> LocalCoordinator::next_deadline() const { return impl_->next_deadline(); }
Result<std::vector<wire::Message>> LocalCoordinator::cancel(const BuildId& build,
                                                            const std::string& reason) {
  return impl_->cancel(build, reason);
}
std::optional<BuildView> LocalCoordinator::build(const BuildId& build) const {
  return impl_->build(build);
}
std::vector<JobChange> LocalCoordinator::take_changes() { return impl_->take_changes(); }
std::vector<std::string> LocalCoordinator::why(const JobId& job) const { return impl_->why(job); }
std::vector<wire::ResourceEvent> LocalCoordinator::open_resources() const {
  return impl_->open_resources();
}
Result<void> LocalCoordinator::close() { return impl_->close(); }

Result<std::vector<wire::ResourceEvent>> leftover_resources(const std::string& journal) {
  MemoryStore records;
  const auto collect = [&](Batch batch) { return records.apply(batch); };
  TRY(replay_journal(journal, collect));
  State state;
  TRY(load_state(records, state));
  std::vector<wire::ResourceEvent> events;
  for (const auto& [key, resource] : state.resources.open()) events.push_back(resource.event);
  return events;
}

}  // namespace farm::coordinator
