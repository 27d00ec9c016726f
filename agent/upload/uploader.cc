#include "agent/upload/uploader.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

#include "agent/upload/file_digests.h"
#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

constexpr int kTries = 5;
constexpr int kChunksPerTurn = 4;  // so that heartbeats get their turn
constexpr Duration kRetryAfter = std::chrono::seconds(5);

}  // namespace

void Uploader::add(const LeaseDirectory& lease, const std::string& directory,
                   const wire::JobResult& result) {
  const auto queued = std::any_of(jobs_.begin(), jobs_.end(),
                                  [&](const Job& job) { return job.ref == result.ref; });
  if (queued) return;
  Job job{result.ref, lease, {}};
  for (const wire::ArtifactRecord& artifact : result.artifacts) {
    for (const wire::FileRecord& file : artifact.files) {
      if (file.sha256.empty()) continue;
      job.files.push_back(
          {io::join_path(directory, file.path), file.path, file.sha256, file.size});
    }
  }
  const bool nothing = job.files.empty();
  jobs_.push_back(std::move(job));
  if (nothing && jobs_.size() == 1) finish_job({});
}

void Uploader::drop(const wire::JobRef& ref) {
  if (!jobs_.empty() && jobs_.front().ref == ref) begun_ = false;
  std::erase_if(jobs_, [&](const Job& job) { return job.ref == ref; });
}

void Uploader::finish_job(const Result<void>& result) {
  const wire::JobRef ref = jobs_.front().ref;
  jobs_.pop_front();
  begun_ = false;
  tries_ = 0;
  finished_(ref, result);
  if (!jobs_.empty() && jobs_.front().files.empty()) finish_job({});
}

void Uploader::failed(Error error) {
  begun_ = false;
  not_before_ = clock_.now() + kRetryAfter;
  if (error.code == ErrorCode::Unavailable && error.retryable) {
    // A full disk over there is no reason to lose what was built: limits of the farm end the job.
    log::warn("upload waits", {{"why", error.message}});
    transport_.send(Lane::Control, wire::PhaseChange{jobs_.front().ref, wire::Phase::Uploading,
                                                     "upload waits: " + error.message});
    return;
  }
  if (++tries_ < kTries && (error.retryable || error.code == ErrorCode::NotFound)) return;
  finish_job(std::move(error).within("upload " + jobs_.front().files.front().name));
}

bool Uploader::begin() {
  const Job& job = jobs_.front();
  const File& file = job.files.front();
  Result<std::vector<std::string>> chunks = load_chunk_digests(job.lease, file.sha256);
  Result<io::Fd> opened = io::open_file(file.path, O_RDONLY);
  if (!chunks || !opened) {
    failed(chunks ? opened.error() : chunks.error());
    return true;
  }
  upload_ = RequestId::random(random_);
  const wire::UploadBegin begin{upload_, job.ref, file.name, file.size, kUploadChunk,
                                file.sha256, *chunks};
  if (!transport_.send(Lane::Bulk, begin)) return false;
  chunks_ = *std::move(chunks);
  file_ = *std::move(opened);
  begun_ = true;
  answered_ = false;
  ended_ = false;
  return false;  // nothing to send before the answer
}

bool Uploader::send_chunk() {
  const uint32_t index = missing_.front();
  const uint64_t offset = uint64_t{index} * kUploadChunk;
  const uint64_t size = jobs_.front().files.front().size;
  if (index >= chunks_.size() || offset >= size) {
    failed(corrupt("the coordinator asked for a chunk that is not there"));
    return true;
  }
  wire::UploadChunk chunk{upload_, index, chunks_[index], {}};
  chunk.bytes.resize(std::min(kUploadChunk, size - offset));
  if (credit_ < chunk.bytes.size()) return false;
  size_t have = 0;
  while (have < chunk.bytes.size()) {
    const ssize_t got = ::pread(file_.get(), chunk.bytes.data() + have,
                                chunk.bytes.size() - have, static_cast<off_t>(offset + have));
    if (got <= 0) {
      failed(corrupt("the file became shorter while it was uploaded"));
      return true;
    }
    have += static_cast<size_t>(got);
  }
  if (!transport_.send(Lane::Bulk, chunk)) return false;
  credit_ -= chunk.bytes.size();
  missing_.pop_front();
  return true;
}

bool Uploader::send_end() {
  const File& file = jobs_.front().files.front();
  ended_ = transport_.send(Lane::Bulk, wire::UploadEnd{upload_, file.sha256, chunks_});
  return false;
}

bool Uploader::work() {
  for (int i = 0; i < kChunksPerTurn; ++i) {
    if (jobs_.empty() || clock_.now() < not_before_) return false;
    bool more = false;
    if (!begun_) {
      more = begin();
    } else if (answered_ && !missing_.empty()) {
      more = send_chunk();
    } else if (answered_ && !ended_) {
      more = send_end();
    }
    if (!more) return false;
  }
  return true;
}

void Uploader::on_need(const wire::UploadNeed& need) {
  if (!begun_ || need.upload != upload_ || answered_) return;
  answered_ = true;
  missing_.assign(need.missing.begin(), need.missing.end());
  credit_ = need.credit;
}

void Uploader::on_credit(const wire::UploadCredit& credit) {
  if (begun_ && credit.upload == upload_) credit_ += credit.bytes;
}

void Uploader::on_done(const wire::UploadDone& done) {
  if (!begun_ || done.upload != upload_) return;
  if (!done.ok) return failed(done.error);
  begun_ = false;
  tries_ = 0;
  jobs_.front().files.pop_front();
  if (jobs_.front().files.empty()) finish_job({});
}

std::optional<Instant> Uploader::retry_at() const {
  if (jobs_.empty() || begun_) return std::nullopt;
  return not_before_;
}

}  // namespace farm::agent
