// Uploader: brings the artifact files of finished jobs to the coordinator, one file at a time:
// "which of these chunks do you lack?", then only those, as fast as the receiver grants credit.
// After a lost connection the same question resumes.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "agent/link/transport.h"
#include "agent/spool/lease_directory.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/io/fd.h"

namespace farm::agent {

class Uploader {
 public:
  /// Called once per job: every file is stored, or why not. May call add().
  using Finished = std::function<void(const wire::JobRef&, const Result<void>&)>;
  Uploader(Transport& transport, const Clock& clock, Random& random, Finished finished)
      : transport_(transport), clock_(clock), random_(random), finished_(std::move(finished)) {}

  /// Queues the files of `result`; relative paths are below `directory`. A job that is queued
  /// already is left as it is.
  void add(const LeaseDirectory& lease, const std::string& directory,
           const wire::JobResult& result);
  void drop(const wire::JobRef& ref);
  /// The connection was made anew: what was in flight is asked for again.
  void reconnected() { begun_ = false; }

  void on_need(const wire::UploadNeed& need);
  void on_credit(const wire::UploadCredit& credit);
  void on_done(const wire::UploadDone& done);
  /// Sends what can be sent, a bounded amount. True while more could be sent at once.
  bool work();
  std::optional<Instant> retry_at() const;

 private:
  struct File {
    std::string path;  // absolute
    std::string name;  // as the builder named it
    std::string sha256;
    uint64_t size = 0;
  };
  struct Job {
    wire::JobRef ref;
    LeaseDirectory lease;
    std::deque<File> files;
  };
  bool begin();
  bool send_chunk();
  bool send_end();
  void failed(Error error);
  void finish_job(const Result<void>& result);

  Transport& transport_;
  const Clock& clock_;
  Random& random_;
  Finished finished_;
  std::deque<Job> jobs_;
  // The file at the front of the front job.
  bool begun_ = false;
  bool answered_ = false;
  bool ended_ = false;
  RequestId upload_;
  io::Fd file_;
  std::vector<std::string> chunks_;
  std::deque<uint32_t> missing_;
  uint64_t credit_ = 0;
  int tries_ = 0;
  Instant not_before_{0};
};

}  // namespace farm::agent
