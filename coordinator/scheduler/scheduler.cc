#include "coordinator/scheduler/scheduler.h"

#include <algorithm>
#include <list>
#include <map>
#include <set>
#include <tuple>

#include "coordinator/scheduler/matcher.h"

namespace farm::coordinator {
namespace {

// The ready jobs of one submitter, in order; no more of them are looked at than slots need.
struct Line {
  std::set<Queue::ReadyKey>::const_iterator next;
  std::set<Queue::ReadyKey>::const_iterator end;
  uint32_t leased = 0;
  bool empty() const { return next == end; }
};

bool reachable(const Agent& agent, const LeaseTable& leases) {
  return agent.connected && leases.held(agent.id);
}

bool build_is_full(const Build& build, uint32_t leased) {
  return build.parallel != 0 && leased >= build.parallel;
}

class Placer {
 public:
  Placer(const Queue& queue, const Fleet& fleet, const LeaseTable& leases, const Limits& limits,
         Instant now)
      : queue_(queue), count_(queue.tokens(), limits), now_(now) {
    for (const auto& [id, agent] : fleet.agents()) {
      if (!reachable(agent, leases) || !agent.takes_jobs() || agent.free_slots() == 0) continue;
      free_.push_back({&agent, agent.free_slots()});
      slots_ += agent.free_slots();
    }
  }

  std::vector<Placement> run() {
    if (slots_ == 0 || queue_.ready().empty()) return {};
    line_up();
    while (slots_ > 0) {
      Line* line = poorest();
      if (line == nullptr) break;
      serve(*line);
    }
    return std::move(placements_);
  }

 private:
  struct Free {
    const Agent* agent;
    uint32_t slots;
  };

  void line_up() {
    for (const auto& [submitter, ready] : queue_.ready_lines()) {
      lines_.push_back({ready.begin(), ready.end(), queue_.leased_of(submitter)});
    }
  }

  Line* poorest() {
    Line* best = nullptr;
    for (Line& line : lines_) {
      if (line.empty()) continue;
      if (best == nullptr || line.leased < best->leased) best = &line;
    }
    return best;
  }

  /// Places the first job of the line that can be placed; jobs before it are out for this round.
  void serve(Line& line) {
    while (!line.empty()) {
      const Job* job = queue_.job(std::get<JobId>(*line.next));
      ++line.next;
      if (!try_place(*job)) continue;
      ++line.leased;
      return;
    }
  }

  bool try_place(const Job& job) {
    const bool plain = job.refused_until.empty();
    if (plain && hopeless_.count(job.needs) != 0) return false;
    const auto [leased, fresh] = leased_.try_emplace(job.build, 0);
    if (fresh) leased->second = queue_.leased_of(job.build);
    if (build_is_full(*queue_.build(job.build), leased->second)) return false;
    Free* best = nullptr;
    for (Free& free : free_) {
      if (free.slots == 0 || (best != nullptr && free.slots <= best->slots)) continue;
      if (fit(job, *free.agent, true, count_, now_, nullptr) == Fit::Fits) best = &free;
    }
    if (best == nullptr) {
      if (plain) hopeless_.insert(job.needs);
      return false;
    }
    --best->slots;
    --slots_;
    ++leased->second;
    Spot spot = find_spot(job.needs.place, *best->agent, count_);
    count_.take(spot.tokens);
    if (!spot.node.empty()) note_placed(spot.node);
    placements_.push_back(
        {job.id, best->agent->id, std::move(spot.node), std::move(spot.tokens)});
    return true;
  }

  /// What comes later in this round sees that one more goes to the node, as after the offer.
  void note_placed(const std::string& node) {
    for (Free& free : free_) {
      if (free.agent->views.empty()) continue;
      changed_.push_back(*free.agent);
      ++changed_.back().placed[node];
      free.agent = &changed_.back();
    }
  }

  const Queue& queue_;
  TokenCount count_;
  Instant now_;
  std::vector<Free> free_;
  std::list<Agent> changed_;  // agents as they are with what this round has placed
  uint32_t slots_ = 0;
  std::vector<Line> lines_;  // by the submitter's name
  std::map<BuildId, uint32_t> leased_;
  std::set<JobNeeds> hopeless_;  // needs that nobody with a free slot meets, in this round
  std::vector<Placement> placements_;
};

std::string waited(const Job& job, Instant now) {
  const auto minutes =
      std::chrono::duration_cast<std::chrono::minutes>(now - job.queued_since).count();
  if (minutes > 0) return std::to_string(minutes) + "m";
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now - job.queued_since).count();
  return std::to_string(std::max<int64_t>(seconds, 0)) + "s";
}

bool any(const std::vector<Fit>& fits, Fit wanted) {
  return std::find(fits.begin(), fits.end(), wanted) != fits.end();
}

std::string cause(const Job& job, const Build& build, uint32_t leased,
                  const std::vector<Fit>& fits, const std::string& full) {
  if (build_is_full(build, leased)) {
    return "the build runs " + std::to_string(leased) + " of at most " +
           std::to_string(build.parallel) + " jobs at once";
  }
  if (fits.empty()) return "no agent is enrolled";
  if (any(fits, Fit::Fits)) return "about to be offered";
  if (any(fits, Fit::Limited)) return full;
  if (any(fits, Fit::Busy)) return "needs a slot of an agent with builder " + job.needs.builder;
  if (any(fits, Fit::Refused)) return "an agent refused it, it is offered again soon";
  if (any(fits, Fit::Draining)) return "every fitting agent that is here is draining";
  if (any(fits, Fit::Away)) return "no fitting agent is connected";
  return "no agent offers what it needs";
}

}  // namespace

std::vector<Placement> place(const Queue& queue, const Fleet& fleet, const LeaseTable& leases,
                             const Limits& limits, Instant now) {
  return Placer(queue, fleet, leases, limits, now).run();
}

std::vector<std::string> why(const Job& job, const Queue& queue, const Fleet& fleet,
                             const LeaseTable& leases, const Limits& limits, Instant now) {
  if (is_terminal(job.state) || is_leased(job.state) || job.state == JobState::Committed) return {};
  std::vector<std::string> agents;
  std::vector<Fit> fits;
  std::string full;
  const TokenCount count(queue.tokens(), limits);
  for (const auto& [id, agent] : fleet.agents()) {
    std::string words;
    fits.push_back(fit(job, agent, reachable(agent, leases), count, now, &words));
    if (fits.back() == Fit::Limited && full.empty()) {
      full = count.words(find_spot(job.needs.place, agent, count).full);
    }
    agents.push_back(agent.name + ": " + words);
  }
  std::vector<std::string> lines;
  const Build& build = *queue.build(job.build);
  if (job.state == JobState::RetryWait) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(job.retry_at - now).count();
    lines.push_back("waits " + std::to_string(std::max<int64_t>(left, 0)) +
                    "s before it is tried again");
  } else {
    lines.push_back("queued " + waited(job, now) + ": " +
                    cause(job, build, queue.leased_of(job.build), fits, full));
  }
  lines.insert(lines.end(), agents.begin(), agents.end());
  return lines;
}

}  // namespace farm::coordinator
