#include "coordinator/artifacts/upload_desk.h"

#include <algorithm>

#include "common/base/fault_point.h"

namespace farm::coordinator {
namespace {

constexpr uint64_t kWindow = 8U << 20;  // 2-8 MiB measured best under CURVE
constexpr size_t kChunksPerTurn = 16;
constexpr size_t kMaxUploadsPerUser = 64;
constexpr size_t kZeroSizesKept = 64;
constexpr Duration kUploadIdle = std::chrono::minutes(15);

uint64_t chunk_count(uint64_t size, uint64_t chunk_size) {
  return size / chunk_size + (size % chunk_size == 0 ? 0 : 1);
}

uint64_t length_of(uint64_t size, uint64_t chunk_size, uint64_t index) {
  return std::min(chunk_size, size - index * chunk_size);
}

Result<void> check(const wire::UploadBegin& begin) {
  if (begin.upload.empty()) return invalid_input("an upload without an id");
  if (begin.chunk_size == 0 || begin.chunk_size > kMaxChunkSize) {
    return invalid_input("chunks have 1 to " + std::to_string(kMaxChunkSize) + " bytes");
  }
  if (!begin.chunks.empty() &&
      begin.chunks.size() != chunk_count(begin.size, begin.chunk_size)) {
    return invalid_input("the number of chunks does not fit the file's size");
  }
  if (!begin.sha256.empty() && digest_from_hex(begin.sha256).empty()) {
    return invalid_input("sha256 is no hex digest");
  }
  return {};
}

bool all_zero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

}  // namespace

void UploadDesk::fail(Turn& turn, const Peer& peer, const RequestId& upload, Error error) {
  turn.replies.push_back({peer, wire::UploadDone{upload, false, std::move(error)}});
}

void UploadDesk::close(Turn& turn, const Key& key, Error error) {
  const auto it = uploads_.find(key);
  fail(turn, it->second.peer, key.second, std::move(error));
  ready_.erase(key);
  uploads_.erase(it);
}

void UploadDesk::restart(Upload& upload, const std::vector<std::string>& chunks) {
  upload.file = StoredFile{upload.begin.size, upload.begin.chunk_size, {}, {}};
  for (const std::string& digest : chunks) upload.file.chunks += digest;
  upload.next = 0;
  upload.bytes.clear();
  upload.digest = std::make_unique<io::Digest>(io::DigestKind::Sha256);
}

void UploadDesk::hash(Upload& upload, std::string_view bytes) {
  upload.digest->update(bytes);
  if (upload.file.size <= kMaxInlineFile) upload.bytes += bytes;
  ++upload.next;
}

void UploadDesk::schedule(const Key& key, const Upload& upload) {
  if (upload.can_go_on()) {
    ready_.insert(key);
  } else {
    ready_.erase(key);
  }
}

bool UploadDesk::is_zero(const std::string& digest, uint64_t size) {
  auto it = zero_digests_.find(size);
  if (it == zero_digests_.end()) {
    if (zero_digests_.size() >= kZeroSizesKept) zero_digests_.clear();
    it = zero_digests_.emplace(size, zero_digest(size)).first;
  }
  return it->second == digest;
}

UploadDesk::Turn UploadDesk::begin(const Peer& peer, const wire::UploadBegin& begin,
                                   Instant now) {
  Turn turn;
  const Key key{peer.user, begin.upload};
  if (Result<void> fine = check(begin); !fine) {
    fail(turn, peer, begin.upload, std::move(fine).error());
    return turn;
  }
  const auto of_user = std::count_if(uploads_.begin(), uploads_.end(), [&](const auto& entry) {
    return entry.first.first == peer.user;
  });
  if (uploads_.count(key) == 0 && of_user >= static_cast<std::ptrdiff_t>(kMaxUploadsPerUser)) {
    fail(turn, peer, begin.upload, unavailable("too many uploads at once"));
    return turn;
  }
  wire::UploadNeed need{begin.upload, {}, kWindow};
  std::set<std::string_view> asked;  // equal chunks of one file are sent once
  for (size_t i = 0; i < begin.chunks.size(); ++i) {
    const std::string& digest = begin.chunks[i];
    if (is_zero(digest, length_of(begin.size, begin.chunk_size, i))) continue;
    if (asked.count(digest) != 0) continue;
    Result<bool> has = chunks_.has(digest);
    if (!has) {
      fail(turn, peer, begin.upload, std::move(has).error());
      return turn;
    }
    if (*has) continue;
    asked.insert(digest);
    need.missing.push_back(static_cast<uint32_t>(i));
  }
  Upload upload;
  upload.peer = peer;
  upload.begin = begin;
  upload.begin.chunks.clear();  // kept in `file`
  upload.heard = now;
  upload.awaited.insert(need.missing.begin(), need.missing.end());
  // A digest of a wrong length is refused with UploadEnd, which has the list again.
  const bool sound = std::all_of(begin.chunks.begin(), begin.chunks.end(),
                                 [](const std::string& digest) { return digest.size() == 32; });
  restart(upload, sound ? begin.chunks : std::vector<std::string>());
  schedule(key, upload);
  uploads_[key] = std::move(upload);
  turn.replies.push_back({peer, std::move(need)});
  return turn;
}

UploadDesk::Turn UploadDesk::chunk(const Peer& peer, const wire::UploadChunk& chunk,
                                   Instant now) {
  Turn turn;
  const Key key{peer.user, chunk.upload};
  const auto it = uploads_.find(key);
  if (it == uploads_.end()) {
    fail(turn, peer, chunk.upload, not_found("no such upload is open; begin it again"));
    return turn;
  }
  it->second.heard = now;
  if (chunk.bytes.empty() || chunk.bytes.size() > it->second.begin.chunk_size) {
    close(turn, key, invalid_input("a chunk is empty or longer than was announced"));
    return turn;
  }
  if (chunk_digest(chunk.bytes) != chunk.digest) {
    Error damaged = corrupt("chunk " + std::to_string(chunk.index) +
                            " does not hash to its digest");
    damaged.retryable = true;  // what is damaged on the way may come whole the next time
    close(turn, key, std::move(damaged));
    return turn;
  }
  if (!all_zero(chunk.bytes)) {
    Result<bool> has = chunks_.has(chunk.digest);
    Result<void> stored = has ? Result<void>() : Result<void>(has.error());
    if (has && !*has) stored = chunks_.put(chunk.digest, chunk.bytes);
    if (!stored) {
      close(turn, key, std::move(stored).error());
      return turn;
    }
  }
  Upload& upload = it->second;
  upload.awaited.erase(chunk.index);
  // In turn, as most come: hashed while the bytes are at hand, instead of reading them back.
  const StoredFile& file = upload.file;
  if (chunk.index == upload.next && upload.next < file.chunk_count() &&
      file.chunk(upload.next) == chunk.digest &&
      chunk.bytes.size() == length_of(file.size, file.chunk_size, upload.next)) {
    hash(upload, chunk.bytes);
  }
  schedule(key, upload);
  turn.replies.push_back({peer, wire::UploadCredit{chunk.upload, chunk.bytes.size()}});
  return turn;
}

UploadDesk::Turn UploadDesk::end(const Peer& peer, const wire::UploadEnd& end, Instant now) {
  Turn turn;
  const Key key{peer.user, end.upload};
  const auto it = uploads_.find(key);
  if (it == uploads_.end()) {
    fail(turn, peer, end.upload, not_found("no such upload is open; begin it again"));
    return turn;
  }
  Upload& upload = it->second;
  upload.heard = now;
  upload.sha256 = end.sha256.empty() ? upload.begin.sha256 : end.sha256;
  const wire::UploadBegin& begin = upload.begin;
  if (digest_from_hex(upload.sha256).empty() ||
      (!begin.sha256.empty() && begin.sha256 != upload.sha256)) {
    close(turn, key, invalid_input("the file's digest is missing or not the announced one"));
    return turn;
  }
  if (end.chunks.size() != chunk_count(begin.size, begin.chunk_size)) {
    close(turn, key, invalid_input("the number of chunks does not fit the file's size"));
    return turn;
  }
  std::string chunks;
  for (const std::string& digest : end.chunks) {
    if (digest.size() != 32) {
      close(turn, key, invalid_input("a chunk's digest has not 32 bytes"));
      return turn;
    }
    chunks += digest;
  }
  if (chunks != upload.file.chunks) restart(upload, end.chunks);  // not the announced ones
  upload.ended = true;
  upload.awaited.clear();  // what did not come now counts as not stored
  schedule(key, upload);
  return turn;
}

Result<std::string> UploadDesk::read(const Upload& upload, size_t index) {
  const std::string digest(upload.file.chunk(index));
  const uint64_t length = length_of(upload.file.size, upload.file.chunk_size, index);
  if (is_zero(digest, length)) return std::string(length, '\0');
  std::string bytes = TRY(chunks_.get(digest));
  if (bytes.size() != length) {
    return invalid_input("chunk " + std::to_string(index) + " has the wrong length");
  }
  return bytes;
}

Result<void> UploadDesk::verify_some(Upload& upload) {
  const size_t stop = std::min(upload.next + kChunksPerTurn, upload.file.chunk_count());
  while (upload.next < stop && upload.can_go_on()) {
    const std::string bytes = TRY(read(upload, upload.next));
    hash(upload, bytes);
  }
  return {};
}

UploadDesk::Turn UploadDesk::work() {
  Turn turn;
  if (ready_.empty()) return turn;
  const Key key = *ready_.begin();
  Upload& upload = uploads_.at(key);
  if (Result<void> verified = verify_some(upload); !verified) {
    close(turn, key, std::move(verified).error());
    return turn;
  }
  if (!upload.ended || upload.next < upload.file.chunk_count()) {
    schedule(key, upload);
    return turn;
  }
  if (upload.digest->finish_hex() != upload.sha256) {
    close(turn, key, corrupt("the file does not hash to its digest"));
    return turn;
  }
  fault_point("coordinator.flush.before");
  if (Result<void> flushed = chunks_.flush(); !flushed) {
    close(turn, key, std::move(flushed).error());
    return turn;
  }
  if (upload.file.size <= kMaxInlineFile) {
    upload.file.chunks.clear();
    upload.file.inline_bytes = std::move(upload.bytes);
  }
  turn.finished.push_back({upload.peer, key.second, upload.sha256, std::move(upload.file)});
  ready_.erase(key);
  uploads_.erase(key);
  return turn;
}

void UploadDesk::expire(Instant now) {
  for (auto it = uploads_.begin(); it != uploads_.end();) {
    const bool idle = ready_.count(it->first) == 0 && now - it->second.heard > kUploadIdle;
    it = idle ? uploads_.erase(it) : std::next(it);
  }
}

void UploadDesk::drop_user(const std::string& user) {
  for (auto it = uploads_.begin(); it != uploads_.end();) {
    const bool theirs = it->first.first == user;
    if (theirs) ready_.erase(it->first);
    it = theirs ? uploads_.erase(it) : std::next(it);
  }
}

}  // namespace farm::coordinator
