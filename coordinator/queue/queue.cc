#include "coordinator/queue/queue.h"

#include <algorithm>

namespace farm::coordinator {
namespace {

template <class Key>
void count(std::map<Key, uint32_t>& counts, const Key& key, int sign) {
  uint32_t& value = counts[key];
  FARM_CHECK(sign > 0 || value > 0);
  value = sign > 0 ? value + 1 : value - 1;
  if (value == 0) counts.erase(key);
}

template <class Key>
uint32_t count_of(const std::map<Key, uint32_t>& counts, const Key& key) {
  const auto it = counts.find(key);
  return it == counts.end() ? 0 : it->second;
}

}  // namespace

void Queue::add(Build build) {
  next_sequence_ = std::max(next_sequence_, build.sequence + 1);
  requests_.emplace(build.request, build.id);
  const BuildId id = build.id;
  builds_.insert_or_assign(id, std::move(build));
}

void Queue::add(Job job) {
  FARM_CHECK(builds_.count(job.build) == 1);
  const JobId id = job.id;
  const auto [it, inserted] = jobs_.emplace(id, std::move(job));
  FARM_CHECK(inserted);
  index(it->second, 1);
}

Job* Queue::job(const JobId& id) {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : &it->second;
}
const Job* Queue::job(const JobId& id) const {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : &it->second;
}
Build* Queue::build(const BuildId& id) {
  const auto it = builds_.find(id);
  return it == builds_.end() ? nullptr : &it->second;
}
const Build* Queue::build(const BuildId& id) const {
  const auto it = builds_.find(id);
  return it == builds_.end() ? nullptr : &it->second;
}
const Build* Queue::build_of(const RequestId& request) const {
  const auto it = requests_.find(request);
  return it == requests_.end() ? nullptr : build(it->second);
}

void Queue::set_state(Job& job, JobState to) {
  index(job, -1);
  job.state = to;
  if (!is_leased(to)) {
    job.node.clear();
    job.tokens.clear();
  }
  index(job, 1);
}

uint32_t Queue::leased_of(const BuildId& build) const { return count_of(leased_builds_, build); }
uint32_t Queue::leased_of(const std::string& submitter) const {
  return count_of(leased_submitters_, submitter);
}
uint32_t Queue::unfinished_of(const BuildId& build) const { return count_of(unfinished_, build); }

void Queue::index(const Job& job, int sign) {
  const Build& build = builds_.at(job.build);
  if (!is_terminal(job.state)) count(unfinished_, job.build, sign);
  if (job.state == JobState::Ready) {
    const ReadyKey key{build.sequence, job.index, job.id};
    std::set<ReadyKey>& line = ready_lines_[build.submitter];
    if (sign > 0) {
      ready_.insert(key);
      line.insert(key);
    } else {
      ready_.erase(key);
      line.erase(key);
      if (line.empty()) ready_lines_.erase(build.submitter);
    }
  }
  if (job.state == JobState::RetryWait) {
    if (sign > 0) {
      waiting_.insert(job.id);
    } else {
      waiting_.erase(job.id);
    }
  }
  if (is_leased(job.state)) {
    count(leased_builds_, job.build, sign);
    count(leased_submitters_, build.submitter, sign);
    for (const std::string& token : job.tokens) count(tokens_, token, sign);
    if (sign > 0) {
      leased_.insert(job.id);
    } else {
      leased_.erase(job.id);
    }
  }
}

}  // namespace farm::coordinator
