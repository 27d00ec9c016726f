#include "builders/communicators/docker/single_file_tar.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "common/base/clock.h"

namespace farm::builders::docker {
namespace {

constexpr size_t kTarPiece = 256U << 10;

struct WriterFree {
  void operator()(archive* handle) const noexcept { ::archive_write_free(handle); }
};
struct ReaderFree {
  void operator()(archive* handle) const noexcept { ::archive_read_free(handle); }
};
struct EntryFree {
  void operator()(archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};

Error tar_error(archive* handle) {
  const char* text = ::archive_error_string(handle);
  return corrupt(std::string("tar: ") + (text == nullptr ? "damaged archive" : text));
}

la_ssize_t append_to(archive*, void* data, const void* bytes, size_t size) {
  static_cast<std::string*>(data)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

struct SingleFileTar::State {
  io::Fd file;              // or
  std::string_view memory;  // what is left of it
  std::string path;
  uint64_t size = 0;
  uint64_t done = 0;
  ProgressSink progress;
  std::unique_ptr<archive, WriterFree> writer;
  std::string ready;  // archive bytes that were not asked for yet
  size_t at = 0;
  bool complete = false;
  Result<void> failure;

  Result<std::string_view> piece(std::vector<char>& buffer) {
    if (!file.valid()) {
      const std::string_view part = memory.substr(0, kTarPiece);
      memory.remove_prefix(part.size());
      return part;
    }
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(buffer.size(), size - done));
    const size_t got = TRY(io::read_some(file.get(), buffer.data(), wanted));
    if (got == 0 && wanted > 0) {
      return unavailable(path + " became shorter while it was read");
    }
    return std::string_view(buffer.data(), got);
  }

  // Makes more archive bytes.
  Result<void> advance() {
    ready.clear();
    at = 0;
    if (done == size) {
      complete = true;
      if (::archive_write_close(writer.get()) != ARCHIVE_OK) return tar_error(writer.get());
      return {};
    }
    std::vector<char> buffer(kTarPiece);
    const std::string_view part = TRY(piece(buffer));
    if (::archive_write_data(writer.get(), part.data(), part.size()) < 0) {
      return tar_error(writer.get());
    }
    done += part.size();
    if (progress) progress(done, size);
    return {};
  }
};

SingleFileTar::SingleFileTar(std::unique_ptr<State> state) : state_(std::move(state)) {}
SingleFileTar::SingleFileTar(SingleFileTar&&) noexcept = default;
SingleFileTar::~SingleFileTar() = default;

Result<SingleFileTar> SingleFileTar::make(std::unique_ptr<State> state, const std::string& name,
                                          uint32_t mode, uint32_t uid, uint32_t gid,
                                          int64_t mtime) {
  state->writer.reset(::archive_write_new());
  archive* writer = state->writer.get();
  if (writer == nullptr) return internal("libarchive gave no writer");
  ::archive_write_set_format_gnutar(writer);
  ::archive_write_set_bytes_per_block(writer, 0);  // every piece is passed on at once
  if (::archive_write_open(writer, &state->ready, nullptr, append_to, nullptr) != ARCHIVE_OK) {
    return tar_error(writer);
  }
  const std::unique_ptr<archive_entry, EntryFree> entry(::archive_entry_new());
  ::archive_entry_set_pathname(entry.get(), name.c_str());
  ::archive_entry_set_filetype(entry.get(), AE_IFREG);
  ::archive_entry_set_perm(entry.get(), mode & 07777);
  ::archive_entry_set_uid(entry.get(), uid);
  ::archive_entry_set_gid(entry.get(), gid);
  ::archive_entry_set_mtime(entry.get(), mtime, 0);
  ::archive_entry_set_size(entry.get(), static_cast<int64_t>(state->size));
  if (::archive_write_header(writer, entry.get()) < ARCHIVE_WARN) return tar_error(writer);
  return SingleFileTar(std::move(state));
}

Result<SingleFileTar> SingleFileTar::of_file(const std::string& path, const std::string& name,
                                             uint32_t mode, ProgressSink progress) {
  auto state = std::make_unique<State>();
  state->file = TRY(io::open_file(path, O_RDONLY));
  struct stat status {};
  if (::fstat(state->file.get(), &status) != 0) return system_error("stat " + path, errno);
  if (!S_ISREG(status.st_mode)) return invalid_input(path + " is no regular file");
  state->path = path;
  state->size = static_cast<uint64_t>(status.st_size);
  state->progress = std::move(progress);
  return make(std::move(state), name, mode == 0 ? status.st_mode : mode, status.st_uid,
              status.st_gid, status.st_mtime);
}

Result<SingleFileTar> SingleFileTar::of_bytes(std::string_view bytes, const std::string& name,
                                              uint32_t mode) {
  auto state = std::make_unique<State>();
  state->memory = bytes;
  state->size = bytes.size();
  return make(std::move(state), name, mode, ::getuid(), ::getgid(),
              SystemClock().wall().unix_seconds());
}

size_t SingleFileTar::read(char* buffer, size_t capacity) {
  State& state = *state_;
  while (state.at == state.ready.size()) {
    if (state.complete || !state.failure) return 0;
    state.failure = state.advance();
  }
  const size_t count = std::min(capacity, state.ready.size() - state.at);
  std::memcpy(buffer, state.ready.data() + state.at, count);
  state.at += count;
  return count;
}

Result<void> SingleFileTar::status() const {
  return state_->failure;
}

namespace {

/// What libarchive's callback reads from.
struct PipeSource {
  int fd;
  Instant deadline;
  const CancelToken& cancel;
  std::vector<char> buffer;
  Result<void> failure;
};

la_ssize_t read_pipe(archive*, void* data, const void** bytes) {
  PipeSource& source = *static_cast<PipeSource*>(data);
  *bytes = source.buffer.data();
  const io::Readiness ready = io::wait_ready(source.fd, POLLIN, source.deadline, source.cancel);
  if (ready == io::Readiness::Cancelled) source.failure = cancelled("cancelled");
  if (ready == io::Readiness::Deadline) source.failure = timed_out("the file did not come in time");
  if (!source.failure) return -1;
  const Result<size_t> got = io::read_some(source.fd, source.buffer.data(), source.buffer.size());
  if (got) return static_cast<la_ssize_t>(*got);
  source.failure = got.error();
  return -1;
}

Error read_error(archive* reader, const PipeSource& source) {
  return source.failure ? tar_error(reader) : source.failure.error();
}

Result<void> write_content(archive* reader, archive_entry* entry, const std::string& local,
                           const ProgressSink& progress, const PipeSource& source) {
  io::Fd file = TRY(io::open_file(local, O_WRONLY | O_CREAT | O_TRUNC,
                                  static_cast<uint32_t>(::archive_entry_perm(entry)) & 0777));
  const auto total = static_cast<uint64_t>(::archive_entry_size(entry));
  uint64_t done = 0;
  std::vector<char> buffer(kTarPiece);
  while (true) {
    const la_ssize_t got = ::archive_read_data(reader, buffer.data(), buffer.size());
    if (got < 0) return read_error(reader, source);
    if (got == 0) return file.close();
    TRY(io::write_all(file.get(), {buffer.data(), static_cast<size_t>(got)}));
    done += static_cast<uint64_t>(got);
    if (progress) progress(done, total);
  }
}

}  // namespace

Result<FirstEntry> read_first_entry(int in, const std::string& local, const ProgressSink& progress,
                                    Instant deadline, const CancelToken& cancel) {
  PipeSource source{in, deadline, cancel, std::vector<char>(kTarPiece), {}};
  const std::unique_ptr<archive, ReaderFree> reader(::archive_read_new());
  if (!reader) return internal("libarchive gave no reader");
  ::archive_read_support_format_tar(reader.get());
  ::archive_read_support_format_empty(reader.get());
  if (::archive_read_open(reader.get(), &source, nullptr, read_pipe, nullptr) != ARCHIVE_OK) {
    return read_error(reader.get(), source);
  }
  archive_entry* entry = nullptr;
  const int code = ::archive_read_next_header(reader.get(), &entry);
  if (code == ARCHIVE_EOF) return not_found("the archive is empty");
  if (code < ARCHIVE_WARN) return read_error(reader.get(), source);
  FirstEntry first;
  if (::archive_entry_filetype(entry) == AE_IFREG) {
    TRY(write_content(reader.get(), entry, local, progress, source));
  } else if (::archive_entry_filetype(entry) == AE_IFLNK) {
    first.kind = FirstEntry::Kind::Link;
    const char* target = ::archive_entry_symlink(entry);
    first.link = target == nullptr ? "" : target;
  } else {
    first.kind = FirstEntry::Kind::Directory;
  }
  // A writer that nobody listens to any more would end with an error of its own.
  const void* rest = nullptr;
  while (read_pipe(nullptr, &source, &rest) > 0) {
  }
  TRY(std::move(source.failure));
  return first;
}

}  // namespace farm::builders::docker
