#include "coordinator/artifacts/download_desk.h"

#include <algorithm>

namespace farm::coordinator {
namespace {

constexpr size_t kFrame = 512U << 10;  // 256-512 KiB measured best under CURVE
constexpr size_t kFramesPerTurn = 16;
constexpr size_t kMaxDownloadsPerUser = 64;
constexpr Duration kIdle = std::chrono::minutes(15);

void refuse(const Peer& peer, const RequestId& fetch, Error error, Transport& out) {
  // A receiver that is gone or stuck gets no answer; it asks again when it is back.
  static_cast<void>(out.send({peer, wire::FetchFailed{fetch, std::move(error)}}));
}

}  // namespace

void DownloadDesk::begin(const Peer& peer, const wire::FetchBegin& begin, Instant now,
                         Transport& out) {
  const auto of_user = std::count_if(downloads_.begin(), downloads_.end(), [&](const auto& e) {
    return e.first.first == peer.user;
  });
  if (of_user >= static_cast<std::ptrdiff_t>(kMaxDownloadsPerUser)) {
    return refuse(peer, begin.fetch, unavailable("too many downloads at once"), out);
  }
  if (digest_from_hex(begin.sha256).empty()) {
    return refuse(peer, begin.fetch, invalid_input("sha256 is no hex digest"), out);
  }
  Result<std::optional<StoredFile>> file = files_.find(begin.sha256);
  if (!file) return refuse(peer, begin.fetch, std::move(file).error(), out);
  if (!*file) {
    return refuse(peer, begin.fetch, not_found("no file " + begin.sha256 + " is stored"), out);
  }
  if (begin.offset > (*file)->size) {
    return refuse(peer, begin.fetch, invalid_input("the offset is behind the file's end"), out);
  }
  Download download;
  download.peer = peer;
  download.file = **std::move(file);
  download.offset = begin.offset;
  download.credit = begin.credit;
  download.heard = now;
  downloads_[{peer.user, begin.fetch}] = std::move(download);
}

void DownloadDesk::credit(const Peer& peer, const wire::FetchCredit& credit, Instant now) {
  const auto it = downloads_.find({peer.user, credit.fetch});
  if (it == downloads_.end()) return;  // it has ended; the credit crossed the last frame
  it->second.credit += credit.bytes;
  it->second.heard = now;
}

Result<std::string> DownloadDesk::piece(Download& download, size_t max_bytes) {
  const StoredFile& file = download.file;
  if (file.chunks.empty()) {
    return file.inline_bytes.substr(download.offset, max_bytes);
  }
  const auto index = static_cast<size_t>(download.offset / file.chunk_size);
  if (download.cached_index != index) {
    const uint64_t length =
        std::min(file.chunk_size, file.size - index * file.chunk_size);
    const std::string digest(file.chunk(index));
    Result<std::string> bytes = chunks_.get(digest);
    if (!bytes && bytes.error().code == ErrorCode::NotFound && zero_digest(length) == digest) {
      bytes = std::string(length, '\0');
    }
    download.cached = TRY(std::move(bytes));
    download.cached_index = index;
  }
  return download.cached.substr(download.offset % file.chunk_size, max_bytes);
}

DownloadDesk::Sent DownloadDesk::send_one(const RequestId& id, Download& download,
                                          Transport& out) {
  const uint64_t left = download.file.size - download.offset;
  if (left > 0 && download.credit == 0) return Sent::Nothing;
  const size_t most = static_cast<size_t>(std::min<uint64_t>({kFrame, left, download.credit}));
  wire::FetchData data{id, download.offset, download.file.size, {}};
  if (left > 0) {
    Result<std::string> bytes = piece(download, most);
    if (!bytes) {
      refuse(download.peer, id, std::move(bytes).error(), out);
      return Sent::Done;
    }
    data.bytes = *std::move(bytes);
  }
  const uint64_t sent = data.bytes.size();
  const Result<void> done = out.send({download.peer, std::move(data)});
  if (!done) return done.error().code == ErrorCode::Timeout ? Sent::Nothing : Sent::Done;
  if (left == 0) return Sent::Done;  // that was the empty frame at the end
  download.offset += sent;
  download.credit -= sent;
  return Sent::Some;
}

bool DownloadDesk::work(Transport& out) {
  bool more = false;
  size_t budget = kFramesPerTurn;
  for (auto it = downloads_.begin(); it != downloads_.end();) {
    Sent sent = Sent::Nothing;
    // A few frames each, so that one big file does not starve the others.
    for (int i = 0; i < 2 && budget > 0; ++i, --budget) {
      sent = send_one(it->first.second, it->second, out);
      if (sent != Sent::Some) break;
    }
    more = more || sent == Sent::Some || budget == 0;
    it = sent == Sent::Done ? downloads_.erase(it) : std::next(it);
  }
  return more;
}

void DownloadDesk::expire(Instant now) {
  for (auto it = downloads_.begin(); it != downloads_.end();) {
    it = now - it->second.heard > kIdle ? downloads_.erase(it) : std::next(it);
  }
}

void DownloadDesk::drop_user(const std::string& user) {
  for (auto it = downloads_.begin(); it != downloads_.end();) {
    it = it->first.first == user ? downloads_.erase(it) : std::next(it);
  }
}

}  // namespace farm::coordinator
