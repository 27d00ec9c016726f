// The service after a failed write of the store: nothing is decided any more, because nothing could be
// kept. What agents say is not answered, so they keep it and say it again to the next process.
#include "common/base/log.h"
#include "coordinator/reactor/service.h"
#include "coordinator/store/ledger_records.h"

namespace farm::coordinator {

Error Service::read_only_error() const {
  return unavailable("the coordinator is read-only at present: " + outbox_.trouble()->message);
}

void Service::refuse_unsaid() {
  for (const Outgoing& unsaid : outbox_.take_unsaid()) {
    if (const auto* m = std::get_if<wire::SubmitAck>(&unsaid.message)) {
      send_now(unsaid.to, wire::SubmitAck{m->request, {}, read_only_error()});
    } else if (const auto* reply = std::get_if<wire::QueryReply>(&unsaid.message)) {
      send_now(unsaid.to, wire::QueryReply{reply->request, {}, read_only_error()});
    } else if (std::holds_alternative<wire::EnrollReply>(unsaid.message)) {
      send_now(unsaid.to, wire::EnrollReply{read_only_error(), {}, {}, {}, {}});
    }
  }
}

void Service::become_read_only() {
  unsettled_.clear();  // what was not durable is not said
  refuse_unsaid();
  State durable;
  durable.policy = state_.policy;
  durable.incarnation = state_.incarnation;
  if (Result<std::vector<Damage>> loaded = load_state(parts_.store, durable); !loaded) {
    log::error("the store cannot be read either", {{"error", loaded.error().message}});
    return;
  }
  // Who is here, and when it was heard last, is not in the store.
  for (const auto& [id, agent] : state_.fleet.agents()) {
    Agent& kept = durable.fleet.add(agent);
    kept.jobs.clear();
  }
  durable.leases = state_.leases;
  durable.counters = state_.counters;
  resume(durable, now());
  state_ = std::move(durable);
  state_.next_deadline.reset();  // no time passes for a farm that decides nothing
}

void Service::handle_read_only(const Peer& peer, const User& user, const wire::Message& message) {
  if (user.role == Role::Agent) return;
  if (!requests_.take(user.id, parts_.clock.now())) return refuse_flood(peer);
  if (const auto* m = std::get_if<wire::Query>(&message)) {
    return send_now(peer, answer_query(user, *m));
  }
  if (const auto* m = std::get_if<wire::Submit>(&message)) {
    return send_now(peer, wire::SubmitAck{m->request, {}, read_only_error()});
  }
  if (const auto* m = std::get_if<wire::Command>(&message)) {
    return send_now(peer, wire::QueryReply{m->request, {}, read_only_error()});
  }
  if (const auto* m = std::get_if<wire::Unsubscribe>(&message)) {
    return subscriptions_.remove(peer, m->request);
  }
  const auto* m = std::get_if<wire::Subscribe>(&message);
  if (m == nullptr) return;
  Result<void> added = denied("your role does not allow following builds");
  if (role_allows(user.role, Role::Viewer)) added = subscriptions_.add(peer, *m, state_);
  if (!added) send_now(peer, wire::QueryReply{m->request, {}, std::move(added).error()});
}

}  // namespace farm::coordinator
