#include "coordinator/reactor/subscriptions.h"

#include <algorithm>
#include <vector>

#include "common/base/log.h"
#include "coordinator/api/query.h"

namespace farm::coordinator {
namespace {

constexpr size_t kLogFrame = 64U << 10;
constexpr int kFramesPerTurn = 16;  // per subscription
constexpr size_t kMaxPerUser = 32;

}  // namespace

Result<void> Subscriptions::add(const Peer& peer, const wire::Subscribe& subscribe,
                                const State& state) {
  const Build* build = state.queue.build(subscribe.build);
  if (build == nullptr) return not_found("no such build");
  const Key key{peer.user, subscribe.request};
  const auto of_user = std::count_if(subscriptions_.begin(), subscriptions_.end(),
                                     [&](const auto& e) { return e.first.first == peer.user; });
  if (subscriptions_.count(key) == 0 && of_user >= static_cast<std::ptrdiff_t>(kMaxPerUser)) {
    return unavailable("you follow too many builds at once");
  }
  Subscription subscription;
  subscription.peer = peer;
  subscription.subscribe = subscribe;
  for (const JobId& id : build->jobs) {
    const Job* job = state.queue.job(id);
    if (job == nullptr) continue;
    subscription.changed.insert(id);
    if (!subscribe.logs) continue;
    subscription.logs_due.insert(id);
    const auto seen = subscribe.offsets.find(id.str());
    if (seen != subscribe.offsets.end()) {
      subscription.positions[id] = {job->epoch, seen->second};
    }
  }
  subscriptions_[key] = std::move(subscription);
  by_build_[subscribe.build].insert(key);
  return {};
}

void Subscriptions::remove(const Peer& peer, const RequestId& request) {
  const auto it = subscriptions_.find({peer.user, request});
  if (it == subscriptions_.end()) return;
  const auto keys = by_build_.find(it->second.subscribe.build);
  keys->second.erase(it->first);
  if (keys->second.empty()) by_build_.erase(keys);
  subscriptions_.erase(it);
}

void Subscriptions::drop_user(const std::string& user) {
  std::vector<std::pair<Peer, RequestId>> theirs;
  for (const auto& [key, subscription] : subscriptions_) {
    if (key.first == user) theirs.emplace_back(subscription.peer, key.second);
  }
  for (const auto& [peer, request] : theirs) remove(peer, request);
}

void Subscriptions::job_changed(const BuildId& build, const JobId& job) {
  const auto it = by_build_.find(build);
  if (it == by_build_.end()) return;
  for (const Key& key : it->second) {
    Subscription& subscription = subscriptions_.at(key);
    subscription.changed.insert(job);
    if (subscription.subscribe.logs) subscription.logs_due.insert(job);
  }
}

void Subscriptions::log_grew(const BuildId& build, const JobId& job) {
  const auto it = by_build_.find(build);
  if (it == by_build_.end()) return;
  for (const Key& key : it->second) {
    Subscription& subscription = subscriptions_.at(key);
    if (subscription.subscribe.logs) subscription.logs_due.insert(job);
  }
}

bool Subscriptions::pump(const State& state, const Unsettled& unsettled, Store& store,
                         Transport& out) {
  bool more = false;
  std::vector<Key> keys;
  for (const auto& entry : subscriptions_) keys.push_back(entry.first);
  for (const Key& key : keys) {
    Subscription& subscription = subscriptions_.at(key);
    Step step = Step::Sent;
    for (int i = 0; i < kFramesPerTurn && step == Step::Sent; ++i) {
      step = pump_one(subscription, state, unsettled, store, out);
    }
    more = more || step == Step::Sent;
    if (step == Step::Over) {
      const Peer peer = subscription.peer;
      remove(peer, key.second);
    }
  }
  return more;
}

Subscriptions::Step Subscriptions::pump_one(Subscription& subscription, const State& state,
                                            const Unsettled& unsettled, Store& store,
                                            Transport& out) {
  const auto settled = [&](const JobId& id) { return unsettled.count(id) == 0; };
  const auto changed =
      std::find_if(subscription.changed.begin(), subscription.changed.end(), settled);
  if (changed != subscription.changed.end()) {
    const JobId id = *changed;
    return send_change(subscription, id, state, out);
  }
  if (!subscription.logs_due.empty()) return send_log(subscription, state, store, out);
  if (!subscription.changed.empty()) return Step::Idle;
  const bool over = state.queue.unfinished_of(subscription.subscribe.build) == 0;
  if (over || !subscription.subscribe.follow) return send_end(subscription, state, out);
  return Step::Idle;
}

Subscriptions::Step Subscriptions::send_change(Subscription& subscription, const JobId& id,
                                               const State& state, Transport& out) {
  const Job* job = state.queue.job(id);
  if (job != nullptr) {
    wire::BuildEvent event{subscription.subscribe.request, id, job_state_name(job->state),
                           job_detail(state, *job), false};
    const Result<void> sent = out.send({subscription.peer, std::move(event)});
    if (!sent) return sent.error().code == ErrorCode::Timeout ? Step::Blocked : Step::Over;
  }
  subscription.changed.erase(id);
  return Step::Sent;
}

Subscriptions::Step Subscriptions::send_log(Subscription& subscription, const State& state,
                                            Store& store, Transport& out) {
  const JobId id = *subscription.logs_due.begin();
  const Job* job = state.queue.job(id);
  if (job == nullptr || job->attempts.empty()) {
    subscription.logs_due.erase(id);
    return Step::Sent;
  }
  Position& position = subscription.positions[id];
  if (position.epoch != job->epoch) position = {job->epoch, 0};  // a new attempt, a new log
  Result<std::string> bytes = store.read_log({id, position.epoch}, position.offset, kLogFrame);
  if (!bytes) {
    log::error("log cannot be read",
               {{"job", id.str()}, {"error", bytes.error().message}});
    subscription.logs_due.erase(id);
    return Step::Sent;
  }
  if (bytes->empty()) {
    // What is known but not there yet becomes durable with a batch under way; its end wakes us.
    if (job->attempts.back().log_bytes > position.offset) return Step::Idle;
    subscription.logs_due.erase(id);
    return Step::Sent;
  }
  const uint64_t length = bytes->size();
  const Result<void> sent =
      out.send({subscription.peer, wire::LogChunk{subscription.subscribe.request, id,
                                                  position.offset, *std::move(bytes)}});
  if (!sent) return sent.error().code == ErrorCode::Timeout ? Step::Blocked : Step::Over;
  position.offset += length;
  return Step::Sent;
}

Subscriptions::Step Subscriptions::send_end(Subscription& subscription, const State& state,
                                            Transport& out) {
  const Build& build = *state.queue.build(subscription.subscribe.build);
  wire::BuildEvent event{subscription.subscribe.request, JobId{}, build_state(state, build), "{}",
                         true};
  const Result<void> sent = out.send({subscription.peer, std::move(event)});
  return !sent && sent.error().code == ErrorCode::Timeout ? Step::Blocked : Step::Over;
}

}  // namespace farm::coordinator
