#include "agent/spool/lease_directory.h"

#include <cerrno>
#include <charconv>
#include <sys/stat.h>

#include "common/io/files.h"
#include "common/seal/seal_key.h"
#include "common/wire/codec.h"

namespace farm::agent {
namespace {

constexpr size_t kIdLength = 26;

Result<void> write_whole(const std::string& path, std::string_view bytes, Durability durability) {
  if (durability == Durability::Synced) return io::write_file_atomic(path, bytes, 0600);
  // Readers must not see half a file even without the flush.
  const std::string beside = path + ".new";
  TRY(io::write_file(beside, bytes, 0600));
  if (::rename(beside.c_str(), path.c_str()) != 0) return system_error("rename " + beside, errno);
  return {};
}

template <class T>
Result<T> message_of(const std::string& path, std::string_view bytes) {
  wire::Message message = TRY(wire::decode(bytes));
  if (T* wanted = std::get_if<T>(&message)) return std::move(*wanted);
  return corrupt(path + " holds another message: " + wire::message_name(message));
}

std::string key_of(const std::string& root) { return root + ".key"; }

std::optional<uint32_t> number(std::string_view text) {
  uint32_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string lease_name(const wire::JobRef& ref) { return ref.job.str() + "-" + ref.epoch.str(); }

std::optional<wire::JobRef> lease_from_name(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (name.size() < kIdLength + 4 || name[kIdLength] != '-' || dot == std::string_view::npos ||
      dot < kIdLength) {
    return std::nullopt;
  }
  const Result<JobId> job = JobId::parse(name.substr(0, kIdLength));
  const auto incarnation = number(name.substr(kIdLength + 1, dot - kIdLength - 1));
  const auto counter = number(name.substr(dot + 1));
  if (!job || !incarnation || !counter) return std::nullopt;
  return wire::JobRef{*job, Epoch{*incarnation, *counter}};
}

Result<LeaseDirectory> LeaseDirectory::create(const std::string& root, const wire::Offer& offer,
                                              Durability durability) {
  LeaseDirectory lease(root + "/" + lease_name(offer.ref));
  if (::mkdir(lease.path_.c_str(), 0700) != 0) {
    if (errno == EEXIST) return conflict("lease " + lease.name() + " exists already");
    return system_error("create " + lease.path_, errno);
  }
  std::string bytes = wire::encode(offer);
  if (durability == Durability::Synced) {
    const seal::SealKey key = TRY(seal::SealKey::load_or_create(key_of(root)));
    bytes = key.seal(bytes, lease.name());
  }
  TRY(write_whole(lease.file("offer"), bytes, durability));
  if (durability == Durability::Synced) TRY(io::sync_directory(root));
  return lease;
}

std::string LeaseDirectory::name() const { return io::base_name(path_); }

Result<wire::Offer> LeaseDirectory::offer() const {
  std::string bytes = TRY(io::read_file(file("offer")));
  if (seal::SealKey::is_sealed(bytes)) {
    const seal::SealKey key = TRY(seal::SealKey::load(key_of(io::parent_path(path_))));
    bytes = TRY(key.open(bytes, name()));
  }
  return message_of<wire::Offer>(file("offer"), bytes);
}

Result<void> LeaseDirectory::write_result(const wire::JobResult& result,
                                          Durability durability) const {
  return write_whole(file("result"), wire::encode(result), durability);
}

Result<wire::JobResult> LeaseDirectory::result() const {
  const std::string bytes = TRY(io::read_file(file("result")));
  return message_of<wire::JobResult>(file("result"), bytes);
}

Result<void> LeaseDirectory::write_identity(const std::string& identity) const {
  return write_whole(file("identity"), identity, Durability::Volatile);
}

std::string LeaseDirectory::identity() const {
  return io::read_file(file("identity"), 4096).value_or({});
}

Result<void> LeaseDirectory::mark_kept() const { return io::write_file(file("kept"), {}); }

bool LeaseDirectory::kept() const { return io::exists(file("kept")); }

Result<void> LeaseDirectory::mark_reaping() const { return io::write_file(file("reaping"), {}); }

bool LeaseDirectory::reaping() const { return io::exists(file("reaping")); }

Result<void> LeaseDirectory::mark_orphaned() const { return io::write_file(file("orphaned"), {}); }

bool LeaseDirectory::orphaned() const { return io::exists(file("orphaned")); }

std::optional<WallTime> LeaseDirectory::kept_since() const {
  struct stat status {};
  if (::stat(file("kept").c_str(), &status) != 0) return std::nullopt;
  return WallTime{int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

uint64_t LeaseDirectory::log_bytes() const {
  struct stat status {};
  if (::stat(log().c_str(), &status) != 0) return 0;
  return static_cast<uint64_t>(status.st_size);
}

Result<void> LeaseDirectory::remove() const { return io::remove_tree(path_); }

std::string event_line(const wire::PhaseChange& change) {
  std::string line = std::to_string(static_cast<int>(change.phase)) + " ";
  for (const char c : change.step) line += c == '\n' || c == '\r' ? ' ' : c;
  return line + "\n";
}

Result<size_t> read_event_lines(std::string_view bytes,
                                const std::function<void(wire::Phase, std::string_view)>& each) {
  size_t consumed = 0;
  while (true) {
    const size_t end = bytes.find('\n', consumed);
    if (end == std::string_view::npos) return consumed;
    const std::string_view line = bytes.substr(consumed, end - consumed);
    if (line.size() < 2 || line[0] < '0' ||
        line[0] > '0' + static_cast<int>(wire::Phase::Finished) || line[1] != ' ') {
      return corrupt("events: bad line at byte " + std::to_string(consumed));
    }
    each(static_cast<wire::Phase>(line[0] - '0'), line.substr(2));
    consumed = end + 1;
  }
}

}  // namespace farm::agent
