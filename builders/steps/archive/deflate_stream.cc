#include "builders/steps/archive/deflate_stream.h"

#include <algorithm>
#include <optional>
#include <sched.h>
#include <system_error>
#include <thread>
#include <zlib.h>

namespace farm::builders::archive {
namespace {

// Large enough that the loss at its borders does not show, small enough for all processors to have
// some soon.
constexpr size_t kDeflatePiece = 512U << 10;
constexpr size_t kWindow = 32U << 10;

Result<std::string> deflate_piece(const std::string& piece, const std::string& dictionary,
                                  int level, bool last) {
  z_stream stream{};
  if (::deflateInit2(&stream, level < 0 ? Z_DEFAULT_COMPRESSION : level, Z_DEFLATED, -MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    return internal("deflateInit2 failed");
  }
  if (!dictionary.empty()) {
    ::deflateSetDictionary(&stream, reinterpret_cast<const Bytef*>(dictionary.data()),
                           static_cast<uInt>(dictionary.size()));
  }
  std::string out(::deflateBound(&stream, piece.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  // A sync flush ends at a byte border, so that the next piece can follow.
  const int status = ::deflate(&stream, last ? Z_FINISH : Z_SYNC_FLUSH);
  const bool whole = last ? status == Z_STREAM_END : status == Z_OK && stream.avail_in == 0;
  out.resize(out.size() - stream.avail_out);
  ::deflateEnd(&stream);
  if (!whole) return internal("deflate failed");
  return out;
}

}  // namespace

unsigned worker_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

OrderedWork::OrderedWork(ByteOut out)
    : out_(std::move(out)),
      most_workers_(worker_count()),
      limit_(3 * most_workers_),
      waiting_(limit_) {}

OrderedWork::~OrderedWork() {
  waiting_.close();
  for (std::thread& worker : workers_) worker.join();
}

Result<void> OrderedWork::add(std::function<Result<std::string>()> work) {
  while (pending_.size() >= limit_) TRY(take());
  if (workers_.size() < most_workers_) start_worker();
  Work task(std::move(work));
  pending_.push_back(task.get_future());
  if (workers_.empty()) {
    task();  // no thread can be had
  } else {
    waiting_.send(std::move(task));
  }
  return {};
}

// One for each piece until there are enough: small inputs need no more.
void OrderedWork::start_worker() {
  try {
    workers_.emplace_back([this] {
      while (std::optional<Work> task = waiting_.wait()) (*task)();
    });
  } catch (const std::system_error&) {
    most_workers_ = workers_.size();
  }
}

Result<void> OrderedWork::take() {
  const std::string bytes = TRY(pending_.front().get());
  pending_.pop_front();
  return out_(bytes);
}

Result<void> OrderedWork::drain() {
  while (!pending_.empty()) TRY(take());
  return {};
}

Result<void> DeflateStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    // A full piece is sent when more comes: only then it is known not to be the last.
    if (piece_.size() == kDeflatePiece) TRY(send(false));
    const std::string_view part = bytes.substr(0, kDeflatePiece - piece_.size());
    piece_.append(part);
    bytes.remove_prefix(part.size());
  }
  return {};
}

Result<void> DeflateStream::send(bool last) {
  checksum_ = static_cast<uint32_t>(::crc32(
      checksum_, reinterpret_cast<const Bytef*>(piece_.data()), static_cast<uInt>(piece_.size())));
  size_ += piece_.size();
  std::string dictionary = std::move(dictionary_);
  dictionary_ = piece_.substr(piece_.size() - std::min(piece_.size(), kWindow));
  std::string piece = std::move(piece_);
  piece_.clear();
  piece_.reserve(kDeflatePiece);
  return work_.add([piece = std::move(piece), dictionary = std::move(dictionary), level = level_,
                    last] { return deflate_piece(piece, dictionary, level, last); });
}

Result<void> DeflateStream::finish() {
  TRY(send(true));
  return work_.drain();
}

}  // namespace farm::builders::archive
