#include "builders/communicators/ssh/tar_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "common/io/files.h"

namespace farm::builders::ssh {
namespace {

constexpr size_t kTarPiece = 1U << 20;

struct WriterFree {
  void operator()(archive* handle) const noexcept { archive_write_free(handle); }
};
struct ReaderFree {
  void operator()(archive* handle) const noexcept { archive_read_free(handle); }
};
struct EntryFree {
  void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, WriterFree>;
using Reader = std::unique_ptr<archive, ReaderFree>;
using Entry = std::unique_ptr<archive_entry, EntryFree>;

/// What libarchive's callbacks work on; the first failure is the one that counts.
struct Stream {
  Channel& channel;
  const Wait& wait;
  std::vector<char> buffer;
  std::optional<Error> failure;
};

la_ssize_t write_hook(archive*, void* data, const void* bytes, size_t size) {
  Stream& stream = *static_cast<Stream*>(data);
  const auto sent = stream.channel.write_all(
      std::string_view(static_cast<const char*>(bytes), size), stream.wait);
  if (sent) return static_cast<la_ssize_t>(size);
  stream.failure = sent.error();
  return -1;
}

la_ssize_t read_hook(archive*, void* data, const void** bytes) {
  Stream& stream = *static_cast<Stream*>(data);
  *bytes = stream.buffer.data();
  const auto got =
      stream.channel.read_some(stream.buffer.data(), stream.buffer.size(), stream.wait);
  if (got) return static_cast<la_ssize_t>(*got);
  stream.failure = got.error();
  return -1;
}

Error archive_error(archive* handle, const Stream& stream) {
  if (stream.failure) return *stream.failure;
  const char* text = archive_error_string(handle);
  return corrupt(std::string("tar: ") + (text ? text : "damaged archive"));
}

Result<void> write_content(archive* writer, const TreeEntry& item, const Stream& stream) {
  const UploadSource source = TRY(UploadSource::open(item.path));
  std::vector<char> piece(std::min<uint64_t>(kTarPiece, std::max<uint64_t>(item.size, 1)));
  for (uint64_t done = 0; done < item.size;) {
    const size_t count = std::min<uint64_t>(piece.size(), item.size - done);
    TRY(source.read(done, piece.data(), count));
    if (archive_write_data(writer, piece.data(), count) < 0) return archive_error(writer, stream);
    done += count;
  }
  return {};
}

/// The path below the target for a name in an archive; empty for the root itself.
Result<std::string> safe_name(std::string_view name) {
  std::string clean;
  while (!name.empty()) {
    const size_t slash = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, slash);
    if (part == "..") return denied("tar: the machine sent a name that leads outside the target");
    if (!part.empty() && part != ".") {
      if (!clean.empty()) clean += '/';
      clean += part;
    }
    name.remove_prefix(std::min(slash + 1, name.size()));
  }
  return clean;
}

Result<void> read_content(archive* reader, const std::string& path, uint32_t mode,
                          const Stream& stream) {
  DownloadSink sink = TRY(DownloadSink::create(path, mode));
  int64_t end = 0;
  for (;;) {
    const void* bytes = nullptr;
    size_t size = 0;
    int64_t offset = 0;
    const int code = archive_read_data_block(reader, &bytes, &size, &offset);
    if (code == ARCHIVE_EOF) break;
    if (code < ARCHIVE_WARN) return archive_error(reader, stream);
    TRY(sink.write(static_cast<uint64_t>(offset),
                   std::string_view(static_cast<const char*>(bytes), size)));
    end = std::max(end, offset + static_cast<int64_t>(size));
  }
  return sink.close(static_cast<uint64_t>(end));
}

}  // namespace

Result<void> write_tar(const std::vector<TreeEntry>& tree, Channel& channel, const Wait& wait) {
  Stream stream{channel, wait, {}, {}};
  const Writer writer(archive_write_new());
  if (!writer) return internal("libarchive gave no writer");
  archive_write_set_format_gnutar(writer.get());
  archive_write_set_bytes_per_block(writer.get(), static_cast<int>(kTarPiece / 4));
  archive_write_set_bytes_in_last_block(writer.get(), 512);
  if (archive_write_open(writer.get(), &stream, nullptr, write_hook, nullptr) != ARCHIVE_OK) {
    return archive_error(writer.get(), stream);
  }
  for (const TreeEntry& item : tree) {
    const Entry entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), ("./" + item.relative).c_str());
    archive_entry_set_filetype(entry.get(), item.directory ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry.get(), item.mode & 0777);
    archive_entry_set_size(entry.get(), static_cast<int64_t>(item.size));
    archive_entry_set_mtime(entry.get(), 0, 0);
    if (archive_write_header(writer.get(), entry.get()) < ARCHIVE_WARN) {
      return archive_error(writer.get(), stream);
    }
    if (!item.directory) TRY(write_content(writer.get(), item, stream));
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return archive_error(writer.get(), stream);
  return {};
}

Result<void> read_tar(Channel& channel, const std::string& target,
                      const std::vector<std::string>& exclude, const Wait& wait) {
  Stream stream{channel, wait, std::vector<char>(kTarPiece), {}};
  const Reader reader(archive_read_new());
  if (!reader) return internal("libarchive gave no reader");
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_empty(reader.get());
  if (archive_read_open(reader.get(), &stream, nullptr, read_hook, nullptr) != ARCHIVE_OK) {
    return archive_error(reader.get(), stream);
  }
  for (;;) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) return {};
    if (code < ARCHIVE_WARN) return archive_error(reader.get(), stream);
    const char* raw_name = archive_entry_pathname(entry);
    const std::string name = TRY(safe_name(raw_name ? raw_name : ""));
    if (name.empty() || excluded(name, exclude)) continue;
    const std::string path = target + "/" + name;
    const uint32_t mode = archive_entry_perm(entry) & 0777;
    if (archive_entry_filetype(entry) == AE_IFDIR) {
      TRY(io::make_directories(path, mode | 0700));
    } else if (archive_entry_filetype(entry) == AE_IFREG) {
      TRY(io::make_directories(io::parent_path(path)));
      TRY(read_content(reader.get(), path, mode, stream));
    }
  }
}

}  // namespace farm::builders::ssh
