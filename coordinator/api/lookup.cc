// Finding builds and jobs by what people type.
#include "coordinator/api/query.h"

namespace farm::coordinator {
namespace {

constexpr size_t kLeastPrefix = 2;

template <class Map>
Result<typename Map::const_iterator> by_prefix(const Map& map, const std::string& text,
                                               const char* noun) {
  auto found = map.end();
  if (text.size() >= kLeastPrefix) {
    for (auto it = map.begin(); it != map.end(); ++it) {
      if (it->first.str().compare(0, text.size(), text) != 0) continue;
      if (found != map.end()) {
        return invalid_input("`" + text + "` fits several " + noun + "s; give more of the id");
      }
      found = it;
    }
  }
  if (found == map.end()) return not_found(std::string("no ") + noun + " `" + text + "`");
  return found;
}

}  // namespace

Result<const Build*> find_build(const State& state, const std::string& text,
                                const std::string& submitter) {
  const auto& builds = state.queue.builds();
  if (text == "@last") {
    const Build* last = nullptr;
    for (const auto& [id, build] : builds) {
      if (build.submitter != submitter) continue;
      if (last == nullptr || build.sequence > last->sequence) last = &build;
    }
    if (last == nullptr) return not_found("you have submitted nothing yet");
    return last;
  }
  const auto found = TRY(by_prefix(builds, text, "build"));
  return &found->second;
}

Result<const Job*> find_job(const State& state, const std::string& text,
                            const std::string& submitter) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) {
    const auto found = TRY(by_prefix(state.queue.jobs(), text, "job"));
    return &found->second;
  }
  const Build* build = TRY(find_build(state, text.substr(0, slash), submitter));
  const std::string name = text.substr(slash + 1);
  for (const JobId& id : build->jobs) {
    const Job* job = state.queue.job(id);
    if (job != nullptr && job->name == name) return job;
  }
  return not_found("build " + build->id.brief() + " has no job `" + name + "`");
}

}  // namespace farm::coordinator
