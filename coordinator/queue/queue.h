// Queue: the jobs and builds of the farm with the indexes the core needs: which jobs are ready in
// which order, which wait for a retry, how many of a build and of a submitter hold a slot.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "coordinator/queue/build.h"
#include "coordinator/queue/job.h"

namespace farm::coordinator {

class Queue {
 public:
  /// Submission order, then template order.
  using ReadyKey = std::tuple<uint64_t, uint32_t, JobId>;

  /// The build must be there before its jobs (FARM_CHECK).
  void add(Build build);
  void add(Job job);

  Job* job(const JobId& id);
  const Job* job(const JobId& id) const;
  Build* build(const BuildId& id);
  const Build* build(const BuildId& id) const;
  /// The build a request was answered with; nullptr: never seen.
  const Build* build_of(const RequestId& request) const;

  /// Sets the state and keeps the indexes; the transition has been checked by the caller. A job that
  /// is no longer leased gives its node and tokens back.
  void set_state(Job& job, JobState to);

  const std::map<JobId, Job>& jobs() const { return jobs_; }
  const std::map<BuildId, Build>& builds() const { return builds_; }
  const std::set<ReadyKey>& ready() const { return ready_; }
  /// The same by submitter; one without ready jobs is not listed.
  const std::map<std::string, std::set<ReadyKey>>& ready_lines() const { return ready_lines_; }
  const std::set<JobId>& waiting() const { return waiting_; }  // RetryWait
  const std::set<JobId>& leased() const { return leased_; }
  /// How many leased jobs hold each token.
  const std::map<std::string, uint32_t>& tokens() const { return tokens_; }
  uint32_t leased_of(const BuildId& build) const;
  uint32_t leased_of(const std::string& submitter) const;
  /// Jobs of the build that have not ended.
  uint32_t unfinished_of(const BuildId& build) const;
  uint64_t next_sequence() const { return next_sequence_; }

 private:
  void index(const Job& job, int sign);

  std::map<JobId, Job> jobs_;
  std::map<BuildId, Build> builds_;
  std::map<RequestId, BuildId> requests_;
  std::set<ReadyKey> ready_;
  std::map<std::string, std::set<ReadyKey>> ready_lines_;
  std::set<JobId> waiting_;
  std::set<JobId> leased_;
  std::map<BuildId, uint32_t> leased_builds_;
  std::map<std::string, uint32_t> leased_submitters_;
  std::map<std::string, uint32_t> tokens_;
  std::map<BuildId, uint32_t> unfinished_;
  uint64_t next_sequence_ = 1;
};

}  // namespace farm::coordinator
