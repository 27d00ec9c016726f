#include "coordinator/scheduler/matcher.h"

#include <algorithm>
#include <vector>

namespace farm::coordinator {
namespace {

bool offers(const std::vector<std::string>& sorted, const std::string& name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

std::string missing_label(const Agent& agent, const std::string& wanted) {
  const std::string key = wanted.substr(0, wanted.find('=') + 1);
  if (!key.empty()) {
    for (const std::string& label : agent.labels) {
      if (label.compare(0, key.size(), key) == 0) {
        return "label " + label + ", wanted " + wanted;
      }
    }
  }
  return "label " + wanted + " is missing";
}

/// What the agent lacks for good; empty: nothing.
std::string lacking(const JobNeeds& needs, const Agent& agent) {
  if (!offers(agent.builders, needs.builder)) {
    return "builder " + needs.builder + " is not offered here";
  }
  for (const std::string& name : needs.provisioners) {
    if (!offers(agent.provisioners, name)) return "provisioner " + name + " is not offered here";
  }
  for (const std::string& name : needs.post_processors) {
    if (!offers(agent.post_processors, name)) {
      return "post-processor " + name + " is not offered here";
    }
  }
  for (const std::string& label : needs.labels) {
    if (!offers(agent.labels, label)) return missing_label(agent, label);
  }
  if (agent.slots == 0) return "the agent has no slots";
  return {};
}

Fit with_words(Fit fit, std::string* words, std::string text) {
  if (words != nullptr) *words = std::move(text);
  return fit;
}

}  // namespace

Fit fit(const Job& job, const Agent& agent, bool reachable, const TokenCount& count, Instant now,
        std::string* words) {
  const std::string lacks = lacking(job.needs, agent);
  if (!lacks.empty()) return with_words(Fit::Never, words, "no: " + lacks);
  if (!reachable) return with_words(Fit::Away, words, "matches, not heard of within its lease");
  if (!agent.takes_jobs()) return with_words(Fit::Draining, words, "matches, draining");
  const auto refused = job.refused_until.find(agent.id);
  if (refused != job.refused_until.end() && now < refused->second) {
    return with_words(Fit::Refused, words, "matches, refused the job a moment ago");
  }
  if (agent.free_slots() == 0) {
    return with_words(Fit::Busy, words,
                      "matches, busy: " + std::to_string(agent.jobs.size()) + " of " +
                          std::to_string(agent.slots) + " slots taken");
  }
  const Spot spot = find_spot(job.needs.place, agent, count);
  if (!spot.full.empty()) {
    return with_words(Fit::Limited, words, "matches, but " + count.words(spot.full));
  }
  return with_words(Fit::Fits, words, "matches, free");
}

}  // namespace farm::coordinator
