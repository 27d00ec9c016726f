#include "coordinator/store/journal_store.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/io/fd.h"
#include "common/io/files.h"
#include "coordinator/store/keys.h"

namespace farm::coordinator {
namespace {

// File: magic, then frames [u32 length][u32 crc of the payload][payload], little-endian.
constexpr std::string_view kMagic = "farmjnl1";
constexpr size_t kHeader = 8;
constexpr uint32_t kMaxFrame = 256U << 20;

uint32_t crc32(std::string_view bytes) {
  static const auto table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xedb88320U ^ (c >> 1) : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  uint32_t crc = 0xffffffffU;
  for (const char c : bytes) crc = table[(crc ^ static_cast<uint8_t>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

class Writer {
 public:
  void number(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xff);
  }
  void text(std::string_view text) {
    number(text.size(), 4);
    out_.append(text);
  }
  void ref(const wire::JobRef& ref) {
    for (const uint8_t byte : ref.job.bytes) out_ += static_cast<char>(byte);
    number(ref.epoch.incarnation, 4);
    number(ref.epoch.counter, 4);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  uint64_t number(int width) {
    uint64_t value = 0;
    const std::string_view raw = take(static_cast<size_t>(width));
    for (size_t i = raw.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(raw[i]);
    return value;
  }
  std::string text() { return std::string(take(number(4))); }
  wire::JobRef ref() {
    wire::JobRef ref;
    const std::string_view id = take(ref.job.bytes.size());
    std::copy(id.begin(), id.end(), ref.job.bytes.begin());
    ref.epoch.incarnation = static_cast<uint32_t>(number(4));
    ref.epoch.counter = static_cast<uint32_t>(number(4));
    return ref;
  }
  bool whole() const { return ok_ && bytes_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view take(size_t count) {
    if (count > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view head = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return head;
  }
  std::string_view bytes_;
  bool ok_ = true;
};

std::string encode_batch(const Batch& batch) {
  Writer writer;
  writer.number(batch.puts.size(), 4);
  for (const Batch::Put& put : batch.puts) {
    writer.text(put.key);
    writer.text(put.value);
  }
  writer.number(batch.deletes.size(), 4);
  for (const std::string& key : batch.deletes) writer.text(key);
  writer.number(batch.logs.size(), 4);
  for (const Batch::LogAppend& log : batch.logs) {
    writer.ref(log.ref);
    writer.number(log.offset, 8);
    writer.text(log.bytes);
  }
  return writer.take();
}

std::optional<Batch> decode_batch(std::string_view payload) {
  Reader reader(payload);
  Batch batch;
  for (uint64_t n = reader.number(4); n > 0 && reader.ok(); --n) {
    Batch::Put put;
    put.key = reader.text();
    put.value = reader.text();
    batch.puts.push_back(std::move(put));
  }
  for (uint64_t n = reader.number(4); n > 0 && reader.ok(); --n) {
    batch.deletes.push_back(reader.text());
  }
  for (uint64_t n = reader.number(4); n > 0 && reader.ok(); --n) {
    Batch::LogAppend log;
    log.ref = reader.ref();
    log.offset = reader.number(8);
    log.bytes = reader.text();
    batch.logs.push_back(std::move(log));
  }
  if (!reader.whole()) return std::nullopt;
  return batch;
}

bool holds_resources(const Batch& batch) {
  const std::string prefix = keys::prefix(keys::Table::Resource);
  const auto is_resource = [&](const std::string& key) {
    return key.compare(0, prefix.size(), prefix) == 0;
  };
  return std::any_of(batch.puts.begin(), batch.puts.end(),
                     [&](const Batch::Put& put) { return is_resource(put.key); });
}

}  // namespace

JournalStore::JournalStore(std::string path) : path_(std::move(path)) {}
JournalStore::~JournalStore() = default;

Result<std::unique_ptr<JournalStore>> JournalStore::open(std::string path) {
  if (io::exists(path)) return conflict("the journal " + path + " exists already");
  return std::unique_ptr<JournalStore>(new JournalStore(std::move(path)));
}

Result<void> JournalStore::apply(const Batch& batch) {
  if (closed_) return conflict("the journal " + path_ + " is closed");
  if (batch.empty()) return {};
  const std::string payload = encode_batch(batch);
  if (payload.size() > kMaxFrame) return invalid_input("a batch is too large for the journal");
  Writer frame;
  frame.number(payload.size(), 4);
  frame.number(crc32(payload), 4);
  std::string bytes = frame.take();
  bytes += payload;
  TRY(append(bytes, holds_resources(batch) ? Sync::Disk : Sync::Process));
  return records_.apply(batch);
}

Result<void> JournalStore::append(const std::string& frame, Sync sync) {
  if (file_ == nullptr) {
    TRY(io::make_directories(io::parent_path(path_), 0700));
    // Sensitive values may be in a job's spec: the owner alone may read.
    io::Fd file = TRY(io::open_file(path_, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600));
    // Held until the process ends, however it ends: others see by it that the run is alive.
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return system_error("flock " + path_, errno);
    file_ = std::make_unique<io::Fd>(std::move(file));
    TRY(io::write_all(file_->get(), kMagic));
    length_ = kMagic.size();
  }
  Result<void> written = io::write_all(file_->get(), frame);
  if (written && sync == Sync::Disk) written = io::sync(file_->get());
  if (!written) {
    // Half a frame must not stand before the next one.
    if (::ftruncate(file_->get(), static_cast<off_t>(length_)) != 0) closed_ = true;
    return unavailable("the journal cannot be written: " + written.error().message);
  }
  length_ += frame.size();
  return {};
}

Result<std::optional<std::string>> JournalStore::get(std::string_view key) {
  return records_.get(key);
}
Result<void> JournalStore::scan(std::string_view prefix, const RecordVisitor& visit) {
  return records_.scan(prefix, visit);
}
Result<uint64_t> JournalStore::log_length(const wire::JobRef& ref) {
  return records_.log_length(ref);
}
Result<std::string> JournalStore::read_log(const wire::JobRef& ref, uint64_t offset,
                                           size_t max_bytes) {
  return records_.read_log(ref, offset, max_bytes);
}

Result<void> JournalStore::close() {
  if (closed_ || file_ == nullptr) {
    closed_ = true;
    return {};
  }
  closed_ = true;
  TRY(io::sync(file_->get()));
  return file_->close();
}

Result<void> replay_journal(const std::string& path,
                            const std::function<Result<void>(Batch)>& each) {
  const io::Fd file = TRY(io::open_file(path, O_RDONLY));
  const auto read_exactly = [&](size_t count) -> Result<std::string> {
    std::string bytes(count, '\0');
    size_t have = 0;
    while (have < count) {
      const size_t got = TRY(io::read_some(file.get(), bytes.data() + have, count - have));
      if (got == 0) break;
      have += got;
    }
    bytes.resize(have);
    return bytes;
  };
  const std::string magic = TRY(read_exactly(kMagic.size()));
  if (magic != kMagic) {
    if (kMagic.starts_with(magic)) return {};  // killed while it was created
    return corrupt(path + " is no journal");
  }
  while (true) {
    const std::string header = TRY(read_exactly(kHeader));
    if (header.size() < kHeader) return {};
    Reader reader(header);
    const uint64_t length = reader.number(4);
    const uint64_t crc = reader.number(4);
    if (length > kMaxFrame) return {};
    const std::string payload = TRY(read_exactly(length));
    if (payload.size() < length || crc32(payload) != crc) return {};
    std::optional<Batch> batch = decode_batch(payload);
    if (!batch) return {};
    TRY(each(*std::move(batch)));
  }
}

}  // namespace farm::coordinator
