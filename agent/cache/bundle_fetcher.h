// BundleFetcher: gives every lease its private copy of the template's bundle. Files come from the
// coordinator by digest, are verified and cached, so that the next job with the same files fetches
// nothing; a lease gets copies, because builds write where they please.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "agent/link/transport.h"
#include "common/artifact/bundle_manifest.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/io/digests.h"
#include "common/io/fd.h"

namespace farm::agent {

class BundleFetcher {
 public:
  using Finished = std::function<void(const wire::JobRef&, const Result<void>&)>;
  /// `cache` is the directory of cached files; it exists.
  BundleFetcher(std::string cache, Transport& transport, const Clock& clock, Random& random,
                Finished finished)
      : cache_(std::move(cache)),
        transport_(transport),
        clock_(clock),
        random_(random),
        finished_(std::move(finished)) {}

  /// Unpacks the bundle with manifest `digest` to `target`; finished is called in work().
  void add(const wire::JobRef& ref, std::string digest, std::string target);
  void drop(const wire::JobRef& ref);
  void reconnected();
  void on_data(const wire::FetchData& data);
  void on_failed(const wire::FetchFailed& failed);
  /// Does what can be done now. True while there is more to do at once.
  bool work();
  /// Set while a fetch waits for data: silence until then begins it anew.
  std::optional<Instant> deadline() const;

 private:
  struct Job {
    wire::JobRef ref;
    std::string digest;
    std::string target;
    std::vector<artifact::BundleEntry> entries;
    bool listed = false;
    size_t next = 0;
  };
  std::string cached(const std::string& digest) const { return cache_ + "/" + digest; }
  bool wanted(std::string& digest);
  void fetch(const std::string& digest);
  Result<void> take(const wire::FetchData& data);
  Result<void> complete();
  Result<void> unpack(const Job& job) const;
  void finish(const Result<void>& result);

  std::string cache_;
  Transport& transport_;
  const Clock& clock_;
  Random& random_;
  Finished finished_;
  std::deque<Job> jobs_;
  // The file that is being fetched.
  bool fetching_ = false;
  RequestId fetch_;
  std::string digest_;
  io::Fd part_;
  uint64_t received_ = 0;
  int tries_ = 0;
  Instant heard_{0};
};

}  // namespace farm::agent
