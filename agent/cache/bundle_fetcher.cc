#include "agent/cache/bundle_fetcher.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io/files.h"

namespace farm::agent {
namespace {

constexpr uint64_t kCredit = 4U << 20;
constexpr int kTries = 5;
constexpr Duration kSilence = std::chrono::seconds(30);

bool is_digest(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

void BundleFetcher::add(const wire::JobRef& ref, std::string digest, std::string target) {
  jobs_.push_back({ref, std::move(digest), std::move(target), {}, false, 0});
}

void BundleFetcher::drop(const wire::JobRef& ref) {
  if (!jobs_.empty() && jobs_.front().ref == ref) fetching_ = false;
  std::erase_if(jobs_, [&](const Job& job) { return job.ref == ref; });
}

void BundleFetcher::reconnected() { fetching_ = false; }

void BundleFetcher::finish(const Result<void>& result) {
  const wire::JobRef ref = jobs_.front().ref;
  jobs_.pop_front();
  fetching_ = false;
  tries_ = 0;
  finished_(ref, result);
}

// The next file of the front job that is not in the cache; false when all are.
bool BundleFetcher::wanted(std::string& digest) {
  Job& job = jobs_.front();
  if (!job.listed) {
    digest = job.digest;
    return !io::exists(cached(digest));
  }
  while (job.next < job.entries.size()) {
    digest = job.entries[job.next].sha256;
    if (!digest.empty() && !io::exists(cached(digest))) return true;
    ++job.next;
  }
  return false;
}

bool BundleFetcher::work() {
  if (jobs_.empty()) return false;
  if (fetching_ && clock_.now() - heard_ < kSilence) return false;
  fetching_ = false;
  std::string digest;
  if (wanted(digest)) {
    fetch(digest);
    return false;
  }
  Job& job = jobs_.front();
  if (job.listed) {
    finish(unpack(job));
    return !jobs_.empty();
  }
  const Result<std::string> text = io::read_file(cached(job.digest));
  Result<std::vector<artifact::BundleEntry>> entries =
      text ? artifact::decode_bundle(*text)
           : Result<std::vector<artifact::BundleEntry>>(text.error());
  if (!entries) {
    finish(std::move(entries).error().within("bundle"));
  } else {
    job.entries = *std::move(entries);
    job.listed = true;
  }
  return !jobs_.empty();
}

void BundleFetcher::fetch(const std::string& digest) {
  if (!is_digest(digest)) return finish(corrupt("bundle: '" + digest + "' is no digest"));
  Result<io::Fd> part = io::open_file(cached(digest) + ".part", O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (!part) return finish(part.error());
  fetch_ = RequestId::random(random_);
  if (!transport_.send(Lane::Bulk, wire::FetchBegin{fetch_, digest, 0, kCredit})) return;
  part_ = *std::move(part);
  digest_ = digest;
  received_ = 0;
  heard_ = clock_.now();
  fetching_ = true;
}

void BundleFetcher::on_data(const wire::FetchData& data) {
  if (!fetching_ || data.fetch != fetch_) return;
  heard_ = clock_.now();
  const Result<void> taken = take(data);
  if (!taken) finish(taken.error().within("bundle file " + digest_));
}

Result<void> BundleFetcher::take(const wire::FetchData& data) {
  if (data.offset != received_) return corrupt("data came out of order");
  if (!data.bytes.empty()) {
    TRY(io::write_all(part_.get(), data.bytes));
    received_ += data.bytes.size();
    if (!transport_.send(Lane::Bulk, wire::FetchCredit{fetch_, data.bytes.size()})) {
      fetching_ = false;  // begun again when there is room
      return {};
    }
  }
  if (received_ == data.size) return complete();
  return {};
}

Result<void> BundleFetcher::complete() {
  fetching_ = false;
  tries_ = 0;
  const std::string part = cached(digest_) + ".part";
  const std::string digest = TRY(io::digest_file(io::DigestKind::Sha256, part));
  if (digest != digest_) return corrupt("its bytes have another digest");
  part_.reset();
  return io::move_file(part, cached(digest_), CancelToken());
}

void BundleFetcher::on_failed(const wire::FetchFailed& failed) {
  if (!fetching_ || failed.fetch != fetch_) return;
  fetching_ = false;
  if (failed.error.retryable && ++tries_ < kTries) return;
  finish(failed.error.within("bundle file " + digest_));
}

Result<void> BundleFetcher::unpack(const Job& job) const {
  TRY(io::make_directories(job.target, 0700));
  for (const artifact::BundleEntry& entry : job.entries) {
    const std::string path = job.target + "/" + entry.path;
    TRY(io::make_directories(io::parent_path(path)));
    if (entry.sha256.empty()) {
      if (::symlink(entry.link_target.c_str(), path.c_str()) != 0) {
        return system_error("link " + path, errno);
      }
      continue;
    }
    TRY(io::copy_file(cached(entry.sha256), path, CancelToken()));
    if (::chmod(path.c_str(), entry.mode & 0777) != 0) return system_error("chmod " + path, errno);
  }
  return {};
}

std::optional<Instant> BundleFetcher::deadline() const {
  if (jobs_.empty()) return std::nullopt;
  if (!fetching_) return clock_.now() + std::chrono::seconds(1);
  return heard_ + kSilence;
}

}  // namespace farm::agent
