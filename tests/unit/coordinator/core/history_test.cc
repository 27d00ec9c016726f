// Random histories: agents that work, lie down and come back, messages lost, repeated and reordered,
// a coordinator that crashes and loses what it had not synced, or gets an old backup back. After every
// step the invariants of the design hold; when the faults end, everything that was accepted ends too.
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "coordinator/fsck/fsck.h"
#include "coordinator/store/ledger_records.h"
#include "coordinator/store/memory_store.h"
#include "coordinator/store/record.h"
#include "tests/unit/coordinator/core/farm_fixture.h"

namespace farm::coordinator {
namespace {

using std::chrono::seconds;

#ifdef NDEBUG
constexpr uint64_t kHistories = 50'000;  // of each of the two runs of a suite
#else
constexpr uint64_t kHistories = 700;  // unoptimised code is ten times slower
#endif

/// FARM_HISTORY_SEED=N replays one history, FARM_HISTORY_FROM=N begins there, FARM_HISTORIES=N runs
/// so many.
uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct SimJob {
  wire::JobRef ref;
  wire::Phase phase = wire::Phase::Preparing;
  std::optional<wire::JobResult> result;
};

struct SimAgent {
  AgentIdentity identity;
  int boot = 1;
  std::map<JobId, SimJob> jobs;
  std::deque<wire::Message> to_coordinator;
  std::deque<wire::Message> to_agent;
};

class History {
 public:
  explicit History(uint64_t seed) : farm_(seed), seed_(seed) {
    farm_.state.policy.limits.jobs = {
        {"node *", 2}, {"node n0", 1}, {"datastore nfs", 2}, {"credential ana@pve", 3}};
    for (int i = 0; i < 3; ++i) {
      SimAgent agent;
      agent.identity = farm_.new_agent("a" + std::to_string(i));
      agents_.push_back(std::move(agent));
    }
    for (SimAgent& agent : agents_) say_hello(agent);
  }

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      random_step();
      check();
    }
    faults_ = false;
    quiesce();
  }

 private:
  uint64_t below(uint64_t bound) { return farm_.random.below(bound); }
  bool chance(uint64_t percent) { return below(100) < percent; }
  SimAgent& any_agent() { return agents_[below(agents_.size())]; }

  void random_step() {
    switch (below(16)) {
      case 0: submit(); break;
      case 1: cancel(); break;
      case 2: reboot(any_agent()); break;
      case 3: chance(10) ? restore_backup() : crash(); break;
      case 4: farm_.clock.advance(seconds(below(45))); break;
      case 5: farm_.clock.advance(seconds(below(4) == 0 ? 2000 : 5)); break;
      case 6: sync(any_agent()); break;
      case 7:
      case 8:
      case 9: work(any_agent()); break;
      case 10:
      case 11: receive(any_agent()); break;
      case 12:
      case 13:
      case 14: deliver(any_agent()); break;
      default: commit(); break;
    }
  }

  // ---- the coordinator ----

  void apply(const Event& event, SimAgent* from) {
    if (chance(12)) expect_theft_changes_nothing(event);
    Effects effects = step(farm_.state, event, farm_.now());
    expect_moves_belong_to(event, effects);
    if (chance(12)) expect_replay_changes_nothing(event);
    effects.merge(settle(farm_.state, farm_.now()));
    for (wire::Message& reply : effects.replies) {
      if (from != nullptr) outbox_.push_back({from->identity.id, std::move(reply)});
    }
    effects.replies.clear();
    for (SendToAgent& send : effects.sends) outbox_.push_back(std::move(send));
    effects.sends.clear();
    pending_.merge(std::move(effects));
  }

  std::string digest(const State& state) {
    std::string all;
    for (const auto& [id, job] : state.queue.jobs()) all += encode_job_record(job);
    for (const auto& [id, build] : state.queue.builds()) all += encode_build_record(build);
    for (const auto& [key, res] : state.resources.open()) all += encode_resource_record(res);
    return all;
  }

  void expect_replay_changes_nothing(const Event& event) {
    State copy = farm_.state;
    const std::string before = digest(copy);
    step(copy, event, farm_.now());
    EXPECT_EQ(digest(copy), before) << "I12, seed " << seed_;
  }

  /// The message, said by another agent before its sender says it.
  void expect_theft_changes_nothing(const Event& event) {
    const auto* said = std::get_if<AgentSaid>(&event);
    if (said == nullptr) return;
    State copy = farm_.state;
    const std::string before = digest(copy);
    AgentSaid forged = *said;
    forged.agent = farm_.new_agent("thief");
    step(copy, forged, farm_.now());
    EXPECT_EQ(digest(copy), before) << "I13, seed " << seed_;
  }

  /// A result moves its job only under the job's last epoch.
  void expect_moves_belong_to(const Event& event, const Effects& effects) {
    const auto* said = std::get_if<AgentSaid>(&event);
    const auto* result = said == nullptr ? nullptr : std::get_if<wire::JobResult>(&said->message);
    if (result == nullptr || effects.moves.empty()) return;
    EXPECT_EQ(result->ref.epoch, farm_.state.queue.job(result->ref.job)->epoch)
        << "I1: an older attempt decided, seed " << seed_;
  }

  void commit() {
    Batch batch;
    add_records(farm_.state, pending_, batch);
    ASSERT_TRUE(store_.apply(batch));
    pending_ = {};
    // A crash after the batch and before, or in the middle of, the answers.
    const bool cut = faults_ && chance(4);
    if (cut) outbox_.resize(below(outbox_.size() + 1));
    for (SendToAgent& send : outbox_) {
      if (const auto* ack = std::get_if<wire::ResultAck>(&send.message)) note_ack(*ack);
      if (const auto* offer = std::get_if<wire::Offer>(&send.message)) note_offer(send, *offer);
      for (SimAgent& agent : agents_) {
        if (agent.identity.id == send.agent) agent.to_agent.push_back(send.message);
      }
    }
    outbox_.clear();
    // What was made durable is kept, whether or not its answer left.
    for (const BuildId& build : submitted_) accepted_.insert(build);
    submitted_.clear();
    if (cut) crash();
  }

  /// The invariants as `farmctl fsck` checks them on what is durable.
  void expect_sound_records() {
    Result<FsckReport> report = check_store(store_, nullptr, {});
    ASSERT_TRUE(report);
    for (const Finding& finding : report->findings) {
      if (finding.weight != Finding::Weight::Error) continue;
      ADD_FAILURE() << finding.invariant << " " << finding.subject << ": " << finding.text
                    << ", seed " << seed_;
    }
  }

  void crash() {
    if (!faults_) return;
    if (chance(20)) expect_sound_records();
    State fresh;
    fresh.policy = farm_.state.policy;
    fresh.incarnation = incarnation_;
    Result<std::vector<Damage>> damage = load_state(store_, fresh);
    ASSERT_TRUE(damage);
    ASSERT_TRUE(damage->empty());
    farm_.state = std::move(fresh);
    resume(farm_.state, farm_.now());
    pending_ = {};
    outbox_.clear();
    submitted_.clear();
    for (const auto& [id, epoch] : succeeded_) {
      const Job* job = farm_.state.queue.job(id);
      ASSERT_NE(job, nullptr);
      EXPECT_EQ(job->state, JobState::Succeeded) << "acknowledged success lost, seed " << seed_;
    }
  }

  /// What came after the backup is forgotten, and a later incarnation begins.
  void restore_backup() {
    if (!faults_) return;
    if (!backup_ || chance(40)) {
      backup_ = Backup{store_.records(), accepted_, succeeded_};
      return;
    }
    store_.restore(backup_->records);
    accepted_ = backup_->accepted;
    succeeded_ = backup_->succeeded;
    ++incarnation_;
    crash();
  }

  void submit() {
    if (farm_.state.queue.jobs().size() > 12) return;
    Submitted event = farm_.submission(1 + below(3), chance(50) ? "ana" : "ben");
    for (JobNeeds& needs : event.needs) {
      if (chance(60)) needs.place = random_place();
    }
    apply(event, nullptr);
    submitted_.push_back(event.build);
    if (chance(30)) apply(event, nullptr);
  }

  /// At one of two clusters, named or the agent's own; on a named node or an open one.
  JobPlace random_place() {
    JobPlace place;
    place.provider = "pve";
    if (chance(50)) place.host = "host" + std::to_string(below(2));
    if (chance(40)) {
      place.open_node = true;
    } else {
      place.node = "n" + std::to_string(below(3));
    }
    if (chance(50)) place.datastores = {"nfs"};
    if (chance(50)) place.credential = "ana@pve";
    return place;
  }

  void cancel() {
    if (farm_.state.queue.builds().empty() || chance(50)) return;
    auto it = farm_.state.queue.builds().begin();
    std::advance(it, static_cast<long>(below(farm_.state.queue.builds().size())));
    apply(CancelBuild{it->first, "test"}, nullptr);
  }

  // ---- the network ----

  template <class Queue>
  std::optional<wire::Message> take(Queue& queue) {
    if (queue.empty()) return std::nullopt;
    const size_t index = faults_ && chance(20) ? below(queue.size()) : 0;
    wire::Message message = queue[index];
    if (!faults_ || !chance(10)) queue.erase(queue.begin() + static_cast<long>(index));
    if (faults_ && chance(10)) return std::nullopt;  // lost, or late when it stayed in the queue
    return message;
  }

  void deliver(SimAgent& agent) {
    const std::optional<wire::Message> message = take(agent.to_coordinator);
    if (!message) return;
    AgentSaid said{agent.identity, *message, std::nullopt};
    const auto* result = std::get_if<wire::JobResult>(&*message);
    if (result != nullptr && faults_ && chance(5)) said.missing_file = "disk";
    apply(said, &agent);
  }

  // ---- agents ----

  std::vector<wire::RunningJob> inventory(const SimAgent& agent) {
    std::vector<wire::RunningJob> jobs;
    for (const auto& [id, job] : agent.jobs) jobs.push_back({job.ref, job.phase, 0});
    return jobs;
  }
  void say_hello(SimAgent& agent) {
    agent.to_coordinator.push_back(
        FarmFixture::hello("boot" + std::to_string(agent.boot), 2, inventory(agent)));
  }
  void survey(SimAgent& agent) {
    wire::ProviderView view;
    view.provider = "pve";
    view.place = "host" + std::to_string(below(2));
    view.credential = "own@pve";
    for (uint64_t i = 0; i < below(4); ++i) {
      view.nodes.push_back({"n" + std::to_string(i), "", chance(80), false, 0, below(100), 100,
                            chance(70) ? std::vector<std::string>{"nfs"}
                                       : std::vector<std::string>{}});
    }
    agent.to_coordinator.push_back(wire::Survey{{}, {view}, {}});
  }
  void sync(SimAgent& agent) {
    if (chance(40)) survey(agent);
    agent.to_coordinator.push_back(wire::Sync{inventory(agent), 0, 0});
    for (const auto& [id, job] : agent.jobs) {
      if (job.result) agent.to_coordinator.push_back(*job.result);
    }
  }
  void reboot(SimAgent& agent) {
    if (!faults_ || chance(50)) return;
    ++agent.boot;
    agent.to_agent.clear();
    agent.to_coordinator.clear();
    if (chance(70)) agent.jobs.clear();
    say_hello(agent);
  }

  void work(SimAgent& agent) {
    for (auto& [id, job] : agent.jobs) {
      if (job.result || chance(50)) continue;
      if (job.phase != wire::Phase::Uploading) {
        job.phase = static_cast<wire::Phase>(static_cast<int>(job.phase) + 1);
        agent.to_coordinator.push_back(wire::PhaseChange{job.ref, job.phase, "step"});
        const auto kind = static_cast<wire::ResourceEvent::Kind>(below(3));
        agent.to_coordinator.push_back(
            wire::ResourceEvent{job.ref, kind, below(2), "vm", "n", "1"});
        continue;
      }
      wire::JobResult result;
      result.ref = job.ref;
      result.outcome = chance(70) ? wire::Outcome::Succeeded : wire::Outcome::Failed;
      if (chance(30)) result.error = {ErrorCode::Internal, "crash", true};
      job.result = result;
      job.phase = wire::Phase::Finished;
      agent.to_coordinator.push_back(result);
    }
  }

  void receive(SimAgent& agent) {
    const std::optional<wire::Message> message = take(agent.to_agent);
    if (!message) return;
    if (const auto* offer = std::get_if<wire::Offer>(&*message)) take_offer(agent, *offer);
    if (const auto* ack = std::get_if<wire::ResultAck>(&*message)) drop(agent, ack->ref);
    if (const auto* revoke = std::get_if<wire::Revoke>(&*message)) drop(agent, revoke->ref);
    if (const auto* cancel = std::get_if<wire::Cancel>(&*message)) stop(agent, cancel->ref);
    if (std::holds_alternative<wire::Restarting>(*message)) say_hello(agent);
    if (const auto* welcome = std::get_if<wire::Welcome>(&*message)) obey(agent, welcome->verdicts);
    if (const auto* ack = std::get_if<wire::SyncAck>(&*message)) obey(agent, ack->verdicts);
  }

  void take_offer(SimAgent& agent, const wire::Offer& offer) {
    const auto held = agent.jobs.find(offer.ref.job);
    if (held != agent.jobs.end() && held->second.ref.epoch >= offer.ref.epoch) return;
    if (faults_ && chance(10)) {
      agent.to_coordinator.push_back(wire::Refuse{offer.ref, "not now"});
      return;
    }
    agent.jobs[offer.ref.job] = SimJob{offer.ref, wire::Phase::Preparing, std::nullopt};
    agent.to_coordinator.push_back(wire::Accept{offer.ref});
  }
  void drop(SimAgent& agent, const wire::JobRef& ref) {
    const auto it = agent.jobs.find(ref.job);
    if (it != agent.jobs.end() && it->second.ref == ref) agent.jobs.erase(it);
  }
  void stop(SimAgent& agent, const wire::JobRef& ref) {
    const auto it = agent.jobs.find(ref.job);
    if (it == agent.jobs.end() || it->second.ref != ref || it->second.result) return;
    wire::JobResult result;
    result.ref = ref;
    result.outcome = wire::Outcome::Cancelled;
    it->second.result = result;
    agent.to_coordinator.push_back(result);
  }
  void obey(SimAgent& agent, const std::vector<wire::JobVerdict>& verdicts) {
    for (const wire::JobVerdict& verdict : verdicts) {
      if (verdict.verdict != wire::Verdict::Keep) drop(agent, verdict.ref);
    }
  }

  // ---- what must hold ----

  void note_ack(const wire::ResultAck& ack) {
    const Job* job = farm_.state.queue.job(ack.ref.job);
    if (job != nullptr && job->state == JobState::Succeeded) succeeded_[job->id] = job->epoch;
  }
  void note_offer(const SendToAgent& send, const wire::Offer& offer) {
    const auto [it, fresh] = offered_.try_emplace({offer.ref.job, offer.ref.epoch}, send.agent);
    EXPECT_EQ(it->second, send.agent) << "I7: one epoch, two holders, seed " << seed_;
    Epoch& last = last_epoch_[offer.ref.job];
    if (fresh) {
      EXPECT_GT(offer.ref.epoch, last) << "I7, seed " << seed_;
    }
    last = std::max(last, offer.ref.epoch);
  }

  void check() {
    std::map<AgentId, std::set<JobId>> held;
    for (const auto& [id, job] : farm_.state.queue.jobs()) {
      const auto successes =
          std::count_if(job.attempts.begin(), job.attempts.end(),
                        [](const Attempt& a) { return a.end == AttemptEnd::Succeeded; });
      EXPECT_LE(successes, 1) << "I1, seed " << seed_;
      if (job.state == JobState::Succeeded) {
        EXPECT_EQ(job.attempts.back().end, AttemptEnd::Succeeded) << "I4, seed " << seed_;
        EXPECT_EQ(job.attempts.back().epoch, job.epoch) << "I1, seed " << seed_;
      } else {
        EXPECT_EQ(successes, 0) << "I1, seed " << seed_;
      }
      EXPECT_EQ(is_leased(job.state), job.current() != nullptr) << "I8, seed " << seed_;
      if (const Attempt* attempt = job.current()) held[attempt->agent].insert(id);
      for (size_t i = 1; i < job.attempts.size(); ++i) {
        EXPECT_GT(job.attempts[i].epoch, job.attempts[i - 1].epoch) << "I7, seed " << seed_;
      }
    }
    check_tokens();
    for (const auto& [id, agent] : farm_.state.fleet.agents()) {
      EXPECT_EQ(agent.jobs, held[id]) << "I8, seed " << seed_;
      EXPECT_LE(agent.jobs.size(), 2U) << "I8, seed " << seed_;
    }
    EXPECT_EQ(farm_.state.counters.refused_transitions, 0U) << "seed " << seed_;
  }

  /// Tokens held are those of the active attempts, and within their limits.
  void check_tokens() {
    std::map<std::string, uint32_t> tokens;
    for (const auto& [id, job] : farm_.state.queue.jobs()) {
      EXPECT_TRUE(is_leased(job.state) || job.tokens.empty()) << "I8, seed " << seed_;
      for (const std::string& token : job.tokens) ++tokens[token];
    }
    EXPECT_EQ(farm_.state.queue.tokens(), tokens) << "I8, seed " << seed_;
    for (const auto& [token, held] : tokens) {
      const std::optional<uint32_t> limit = farm_.state.policy.limits.of(token);
      EXPECT_LE(held, limit.value_or(UINT32_MAX)) << "I8: " << token << ", seed " << seed_;
    }
  }

  /// No more faults: everything accepted must end (I2).
  void quiesce() {
    for (int round = 0; round < 400 && !::testing::Test::HasFailure(); ++round) {
      for (SimAgent& agent : agents_) {
        if (round % 4 == 0) sync(agent);
        work(agent);
        while (!agent.to_coordinator.empty()) deliver(agent);
        Effects effects = settle(farm_.state, farm_.now());
        for (SendToAgent& send : effects.sends) outbox_.push_back(std::move(send));
        effects.sends.clear();
        pending_.merge(std::move(effects));
        commit();
        while (!agent.to_agent.empty()) receive(agent);
      }
      farm_.clock.advance(seconds(5));
      check();
      const auto& jobs = farm_.state.queue.jobs();
      if (std::all_of(jobs.begin(), jobs.end(),
                      [](const auto& e) { return is_terminal(e.second.state); })) {
        break;
      }
    }
    for (const BuildId& id : accepted_) {
      const Build* build = farm_.state.queue.build(id);
      ASSERT_NE(build, nullptr) << "I2: accepted submit lost, seed " << seed_;
      EXPECT_EQ(farm_.state.queue.unfinished_of(id), 0U) << "I2, seed " << seed_;
      EXPECT_NE(build->ended.nanos, 0) << "I2, seed " << seed_;
    }
    expect_sound_records();
  }

  struct Backup {
    MemoryStore::Snapshot records;
    std::set<BuildId> accepted;
    std::map<JobId, Epoch> succeeded;
  };

  FarmFixture farm_;
  uint64_t seed_;
  uint32_t incarnation_ = 1;
  std::optional<Backup> backup_;
  bool faults_ = true;
  std::vector<SimAgent> agents_;
  MemoryStore store_;
  Effects pending_;
  std::vector<SendToAgent> outbox_;
  std::vector<BuildId> submitted_;  // answered when the batch is durable
  std::set<BuildId> accepted_;
  std::map<JobId, Epoch> succeeded_;
  std::map<std::pair<JobId, Epoch>, AgentId> offered_;
  std::map<JobId, Epoch> last_epoch_;
};

TEST(History, InvariantsHoldInRandomHistories) {
  uint64_t first = setting("FARM_HISTORY_FROM", 1);
  uint64_t count = setting("FARM_HISTORIES", kHistories);
  if (const uint64_t only = setting("FARM_HISTORY_SEED", 0); only != 0) {
    first = only;
    count = 1;
  }
  for (uint64_t seed = first; seed < first + count; ++seed) {
    History(seed).run(120);
    if (HasFailure()) {
      FAIL() << "replay: FARM_HISTORY_SEED=" << seed << " unit_coordinator_histories";
    }
  }
}

}  // namespace
}  // namespace farm::coordinator
