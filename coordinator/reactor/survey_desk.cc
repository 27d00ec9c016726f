#include "coordinator/reactor/survey_desk.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace farm::coordinator {
namespace {

using nlohmann::ordered_json;

constexpr Duration kKept = std::chrono::minutes(15);
// Longer than an agent gives itself.
constexpr Duration kPatience = std::chrono::minutes(4);
constexpr size_t kMostKept = 100;

// "<job>-<incarnation>.<counter>", as agents name leases.
std::optional<std::pair<JobId, Epoch>> attempt_of(const std::string& mark) {
  const size_t dash = mark.rfind('-');
  const size_t dot = mark.rfind('.');
  if (dash == std::string::npos || dot == std::string::npos || dot < dash) return std::nullopt;
  const Result<JobId> job = JobId::parse(mark.substr(0, dash));
  Epoch epoch;
  const char* const text = mark.data();
  const auto first = std::from_chars(text + dash + 1, text + dot, epoch.incarnation);
  const auto second = std::from_chars(text + dot + 1, text + mark.size(), epoch.counter);
  if (!job || first.ec != std::errc() || second.ec != std::errc()) return std::nullopt;
  return std::pair(*job, epoch);
}

ordered_json thing_json(const State& state, const wire::MarkedThing& thing, Now now) {
  const auto owner = attempt_of(thing.mark);
  const Job* job = owner ? state.queue.job(owner->first) : nullptr;
  const Attempt* attempt = job == nullptr ? nullptr : job->attempt(owner->second);
  double age = static_cast<double>(thing.age.count()) / 1e9;
  if (age <= 0 && attempt != nullptr && attempt->offered.nanos != 0) {
    age = static_cast<double>(now.wall.nanos - attempt->offered.nanos) / 1e9;
  }
  return {{"kind", thing.kind},
          {"name", thing.name},
          {"id", thing.id},
          {"mark", thing.mark},
          {"state", marked_state_name(marked_state(state, thing))},
          {"job", job == nullptr ? "" : job->id.str()},
          {"job_name", job == nullptr ? "" : job->name},
          {"age", age}};
}

std::string name_of(const State& state, const AgentId& id) {
  const Agent* agent = state.fleet.find(id);
  return agent == nullptr ? id.str() : agent->name;
}

}  // namespace

const char* marked_state_name(MarkedState state) {
  constexpr const char* kNames[] = {"running", "recorded", "unrecorded", "unknown"};
  return kNames[static_cast<size_t>(state)];
}

MarkedState marked_state(const State& state, const wire::MarkedThing& thing) {
  const auto owner = attempt_of(thing.mark);
  const Job* job = owner ? state.queue.job(owner->first) : nullptr;
  if (job == nullptr) return MarkedState::Unknown;
  const Attempt* current = job->current();
  if (current != nullptr && current->epoch == owner->second) return MarkedState::Running;
  for (const Resource& resource : state.resources.of(job->id)) {
    const wire::ResourceEvent& event = resource.event;
    const bool same = event.name == thing.name || (!event.id.empty() && event.id == thing.id);
    if (event.ref.epoch == owner->second && event.resource_kind == thing.kind && same) {
      return MarkedState::Recorded;
    }
  }
  return MarkedState::Unrecorded;
}

SurveyDesk::Orders SurveyDesk::open(
    const RequestId& id, const std::vector<AgentId>& agents,
    const std::map<AgentId, std::vector<wire::MarkedThing>>& remove, Instant now) {
  forget_old(now);
  Orders orders;
  Asked& asked = asked_[id];
  asked.since = now;
  for (const AgentId& agent : agents) {
    asked.answered[agent] = false;
    wire::SurveyOrder order{id, {}};
    if (const auto found = remove.find(agent); found != remove.end()) order.remove = found->second;
    orders.emplace_back(agent, std::move(order));
  }
  return orders;
}

void SurveyDesk::forget_old(Instant now) {
  std::erase_if(asked_, [&](const auto& one) { return now - one.second.since > kKept; });
  while (asked_.size() >= kMostKept) {
    asked_.erase(std::min_element(asked_.begin(), asked_.end(), [](const auto& a, const auto& b) {
      return a.second.since < b.second.since;
    }));
  }
}

void SurveyDesk::heard(const AgentId& agent, const wire::Survey& survey) {
  const auto asked = asked_.find(survey.request);
  if (asked == asked_.end()) return;
  const auto waiting = asked->second.answered.find(agent);
  if (waiting == asked->second.answered.end() || waiting->second) return;
  waiting->second = true;
  asked->second.surveys.emplace_back(agent, survey);
}

Result<std::string> SurveyDesk::answer(const RequestId& id, const State& state, Now now) {
  const auto found = asked_.find(id);
  if (found == asked_.end()) return not_found("no such survey; ask anew");
  const Asked& asked = found->second;
  const bool late = now.steady - asked.since > kPatience;
  ordered_json out = {{"done", true}, {"views", ordered_json::array()},
                      {"things", ordered_json::array()}, {"removed", ordered_json::array()}};
  for (const auto& [agent, answered] : asked.answered) {
    if (answered) continue;
    if (!late) out["done"] = false;
    out["views"].push_back({{"agent", name_of(state, agent)},
                            {"provider", ""},
                            {"place", ""},
                            {"credential", ""},
                            {"error", late ? "the agent did not answer" : ""},
                            {"answered", false}});
  }
  std::set<std::tuple<std::string, std::string, std::string>> seen;  // agents share providers
  for (const auto& [agent, survey] : asked.surveys) {
    for (const wire::ProviderView& view : survey.views) {
      out["views"].push_back({{"agent", name_of(state, agent)},
                              {"provider", view.provider},
                              {"place", view.place},
                              {"credential", view.credential},
                              {"error", view.error},
                              {"answered", true}});
      for (const wire::MarkedThing& thing : view.things) {
        if (!seen.emplace(view.provider + " " + view.place, thing.kind, thing.name).second) {
          continue;
        }
        ordered_json entry = thing_json(state, thing, now);
        entry["agent"] = name_of(state, agent);
        entry["provider"] = view.provider;
        entry["place"] = view.place;
        out["things"].push_back(std::move(entry));
      }
    }
    for (const wire::MarkedThing& thing : survey.removed) {
      ordered_json entry = thing_json(state, thing, now);
      entry["agent"] = name_of(state, agent);
      entry["error"] = thing.error;
      out["removed"].push_back(std::move(entry));
    }
  }
  return out.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace farm::coordinator
