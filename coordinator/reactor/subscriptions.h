// Subscriptions: people who follow builds. Each remembers only which jobs changed and how far their
// logs were sent, so a slow reader costs a few bytes per job, never a queue of events (I14).
#pragma once

#include <map>
#include <set>
#include <string>

#include "common/base/result.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/state.h"
#include "coordinator/fleet/transport.h"
#include "coordinator/store/store.h"

namespace farm::coordinator {

/// Jobs whose last change waits for a batch, with the number of that batch.
using Unsettled = std::map<JobId, uint64_t>;

class Subscriptions {
 public:
  /// NotFound: no such build. Unavailable: the user follows too many builds already.
  Result<void> add(const Peer& peer, const wire::Subscribe& subscribe, const State& state);
  void remove(const Peer& peer, const RequestId& request);
  void drop_user(const std::string& user);
  /// A job of the build changed its state or step.
  void job_changed(const BuildId& build, const JobId& job);
  void log_grew(const BuildId& build, const JobId& job);

  /// Sends what is due, a bounded amount; ends the subscriptions of ended builds. True while more
  /// is due and its reader takes it. Of a job in `unsettled` (its state is not durable yet) nothing is
  /// said; it is still due afterwards.
  bool pump(const State& state, const Unsettled& unsettled, Store& store, Transport& out);
  size_t size() const { return subscriptions_.size(); }

 private:
  using Key = std::pair<std::string, RequestId>;  // user, request
  struct Position {
    Epoch epoch;  // of the attempt whose log this is
    uint64_t offset = 0;
  };
  struct Subscription {
    Peer peer;
    wire::Subscribe subscribe;
    std::set<JobId> changed;
    std::set<JobId> logs_due;
    std::map<JobId, Position> positions;
  };
  enum class Step : uint8_t { Sent, Idle, Blocked, Over };

  Step pump_one(Subscription& subscription, const State& state, const Unsettled& unsettled,
                Store& store, Transport& out);
  Step send_change(Subscription& subscription, const JobId& id, const State& state, Transport& out);
  Step send_log(Subscription& subscription, const State& state, Store& store, Transport& out);
  Step send_end(Subscription& subscription, const State& state, Transport& out);

  std::map<Key, Subscription> subscriptions_;
  std::map<BuildId, std::set<Key>> by_build_;
};

}  // namespace farm::coordinator
