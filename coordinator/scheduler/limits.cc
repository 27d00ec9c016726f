#include "coordinator/scheduler/limits.h"

#include <algorithm>

namespace farm::coordinator {
namespace {

uint32_t count_of(const std::map<std::string, uint32_t>& counts, const std::string& token) {
  const auto found = counts.find(token);
  return found == counts.end() ? 0 : found->second;
}

std::string token(const char* kind, const std::string& name, const std::string& host) {
  return std::string(kind) + " " + name + "@" + host;
}

// What the agent sees where the job wants to go; nullptr: nothing.
const wire::ProviderView* view_for(const JobPlace& place, const Agent& agent) {
  for (const wire::ProviderView& view : agent.views) {
    if (view.provider != place.provider) continue;
    if (place.host.empty() || place.host == view.place) return &view;
  }
  return nullptr;
}

bool suits(const wire::NodeLoad& node, const JobPlace& place) {
  if (!node.online || node.placed_by_provider) return false;
  if (!place.group.empty() && place.group != node.group) return false;
  return std::all_of(place.datastores.begin(), place.datastores.end(), [&](const auto& name) {
    return std::find(node.datastores.begin(), node.datastores.end(), name) !=
           node.datastores.end();
  });
}

double free_memory(const wire::NodeLoad& node, const Agent& agent) {
  const double free =
      static_cast<double>(node.memory_bytes) - static_cast<double>(node.memory_used);
  const auto placed = agent.placed.find(node.name);
  return free / (1.0 + (placed == agent.placed.end() ? 0 : placed->second));
}

}  // namespace

std::optional<uint32_t> Limits::of(std::string_view token) const {
  if (jobs.empty()) return std::nullopt;
  const size_t at = token.rfind('@');
  const std::string_view name = token.substr(0, at);
  const std::string every = std::string(token.substr(0, token.find(' '))) + " *";
  for (const std::string& key : {std::string(token), std::string(name), every}) {
    const auto found = jobs.find(key);
    if (found != jobs.end()) return found->second;
  }
  return std::nullopt;
}

std::string token_words(std::string_view token) {
  const size_t at = token.rfind('@');
  std::string words(token.substr(0, at));
  if (at + 1 < token.size()) words += " of " + std::string(token.substr(at + 1));
  return words;
}

uint32_t TokenCount::held(const std::string& token) const {
  return count_of(held_, token) + count_of(taken_, token);
}

bool TokenCount::full(const std::string& token) const {
  const std::optional<uint32_t> limit = limits_.of(token);
  return limit && held(token) >= *limit;
}

void TokenCount::take(const std::vector<std::string>& tokens) {
  for (const std::string& one : tokens) ++taken_[one];
}

std::string TokenCount::words(const std::string& token) const {
  return token_words(token) + " has " + std::to_string(held(token)) + " of at most " +
         std::to_string(limits_.of(token).value_or(0)) + " jobs";
}

Spot find_spot(const JobPlace& place, const Agent& agent, const TokenCount& count) {
  Spot spot;
  if (place.provider.empty()) return spot;
  const wire::ProviderView* const view = view_for(place, agent);
  const std::string host = place.host.empty() && view != nullptr ? view->place : place.host;
  std::string node = place.node;
  if (place.open_node && view != nullptr) {
    const wire::NodeLoad* best = nullptr;
    bool best_full = false;
    for (const wire::NodeLoad& one : view->nodes) {
      if (!suits(one, place)) continue;
      const bool full = count.full(token("node", one.name, host));
      const bool better = best == nullptr || (best_full && !full) ||
                          (best_full == full && free_memory(one, agent) > free_memory(*best, agent));
      if (!better) continue;
      best = &one;
      best_full = full;
    }
    if (best != nullptr) spot.node = node = best->name;
  }
  if (!node.empty()) spot.tokens.push_back(token("node", node, host));
  for (const std::string& name : place.datastores) {
    spot.tokens.push_back(token("datastore", name, host));
  }
  // The agent's own credential is where the template names none.
  const std::string own = view == nullptr ? std::string() : view->credential;
  const std::string& credential = place.credential.empty() ? own : place.credential;
  if (!credential.empty()) spot.tokens.push_back(token("credential", credential, host));
  std::sort(spot.tokens.begin(), spot.tokens.end());
  const auto full = std::find_if(spot.tokens.begin(), spot.tokens.end(),
                                 [&](const std::string& one) { return count.full(one); });
  if (full != spot.tokens.end()) spot.full = *full;
  return spot;
}

}  // namespace farm::coordinator
