#include "builders/steps/archive/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>

#include "builders/steps/archive/compressor.h"
#include "builders/steps/archive/zip_writer.h"
#include "common/io/fd.h"
#include "common/io/files.h"

namespace farm::builders::archive {
namespace {

constexpr size_t kPiece = 1U << 20;

/// A member that is being read.
class Source {
 public:
  static Result<Source> open(const Member& member) {
    Source source;
    source.member_ = &member;
    if (member.content) {
      source.status_.st_mode = S_IFREG | 0644;
      source.status_.st_size = static_cast<off_t>(member.content->size());
      return source;
    }
    source.file_ = TRY(io::open_file(member.path, O_RDONLY));
    if (::fstat(source.file_.get(), &source.status_) != 0) {
      return system_error("stat " + member.path, errno);
    }
    if (S_ISDIR(source.status_.st_mode)) return invalid_input(member.path + " is a directory");
    return source;
  }
  const struct stat& status() const { return status_; }
  uint64_t size() const { return static_cast<uint64_t>(status_.st_size); }
  /// The next bytes; empty at the end.
  Result<std::string_view> read(std::string& buffer) {
    if (member_->content) {
      const std::string_view all =
          given_ ? std::string_view() : std::string_view(*member_->content);
      given_ = true;
      return all;
    }
    buffer.resize(kPiece);
    const size_t got = TRY(io::read_some(file_.get(), buffer.data(), buffer.size()));
    return std::string_view(buffer).substr(0, got);
  }

 private:
  const Member* member_ = nullptr;
  io::Fd file_;
  struct stat status_ {};
  bool given_ = false;
};

/// Reads members and tells how far it is.
class Reader {
 public:
  Reader(const std::vector<Member>& members, const CancelToken& cancel, ReadProgress progress)
      : cancel_(cancel), progress_(std::move(progress)) {
    for (const Member& member : members) {
      total_ += member.content ? member.content->size() : io::file_size(member.path).value_or(0);
    }
  }
  Result<void> pass(Source& source, const ByteOut& out) {
    std::string buffer;
    while (true) {
      TRY(cancel_.check());
      const std::string_view bytes = TRY(source.read(buffer));
      if (bytes.empty()) return {};
      TRY(out(bytes));
      done_ += bytes.size();
      if (progress_) progress_(done_, total_);
    }
  }

 private:
  const CancelToken& cancel_;
  ReadProgress progress_;
  uint64_t done_ = 0;
  uint64_t total_ = 0;
};

struct TarFree {
  void operator()(::archive* handle) const noexcept { ::archive_write_free(handle); }
};
struct EntryFree {
  void operator()(archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};

/// libarchive's tar into a compressor.
class TarWriter {
 public:
  explicit TarWriter(Compressor& out) : out_(out), handle_(::archive_write_new()) {}
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  Result<void> open() {
    if (!handle_ || ::archive_write_set_format_gnutar(handle_.get()) != ARCHIVE_OK ||
        ::archive_write_set_bytes_per_block(handle_.get(), static_cast<int>(kPiece)) !=
            ARCHIVE_OK ||
        ::archive_write_set_bytes_in_last_block(handle_.get(), 512) != ARCHIVE_OK ||
        ::archive_write_open(handle_.get(), this, nullptr, pass_on, nullptr) != ARCHIVE_OK) {
      return failure("create");
    }
    return {};
  }
  Result<void> add(const Member& member, Reader& reader) {
    Source source = TRY(Source::open(member));
    const std::unique_ptr<archive_entry, EntryFree> entry(::archive_entry_new());
    ::archive_entry_copy_stat(entry.get(), &source.status());
    ::archive_entry_set_pathname(entry.get(), member.name.c_str());
    if (::archive_write_header(handle_.get(), entry.get()) < ARCHIVE_WARN) {
      return failure("add " + member.name);
    }
    return reader.pass(source, [&](std::string_view bytes) -> Result<void> {
      if (::archive_write_data(handle_.get(), bytes.data(), bytes.size()) < 0) {
        return failure("write " + member.name);
      }
      return {};
    });
  }
  Result<void> close() {
    if (::archive_write_close(handle_.get()) != ARCHIVE_OK) return failure("close");
    return {};
  }

 private:
  static la_ssize_t pass_on(::archive*, void* self, const void* bytes, size_t size) {
    auto& writer = *static_cast<TarWriter*>(self);
    if (!writer.passed_) return -1;
    writer.passed_ = writer.out_.write({static_cast<const char*>(bytes), size});
    return writer.passed_ ? static_cast<la_ssize_t>(size) : -1;
  }
  Error failure(const std::string& what) const {
    if (!passed_) return passed_.error();
    const char* text = handle_ ? ::archive_error_string(handle_.get()) : nullptr;
    return internal("tar: " + what + ": " + (text == nullptr ? "unknown error" : text));
  }

  Compressor& out_;
  Result<void> passed_;
  std::unique_ptr<::archive, TarFree> handle_;
};

Result<void> write_compressed(io::Fd& file, const Format& format, int level,
                              const std::vector<Member>& members, Reader& reader) {
  const std::unique_ptr<Compressor> out =
      make_compressor(format.algorithm, level,
                      [&file](std::string_view bytes) { return io::write_all(file.get(), bytes); });
  if (format.container == Container::Tar) {
    TarWriter tar(*out);
    TRY(tar.open());
    for (const Member& member : members) TRY(tar.add(member, reader));
    TRY(tar.close());
  } else {
    Source source = TRY(Source::open(members[0]));
    TRY(reader.pass(source, [&out](std::string_view bytes) { return out->write(bytes); }));
  }
  return out->finish();
}

Result<void> write_zip(io::Fd& file, int level, const std::vector<Member>& members,
                       Reader& reader) {
  ZipWriter zip(file, level);
  for (const Member& member : members) {
    Source source = TRY(Source::open(member));
    TRY(zip.begin(member.name, source.size(), source.status().st_mode, source.status().st_mtime));
    TRY(reader.pass(source, [&zip](std::string_view bytes) { return zip.write(bytes); }));
    TRY(zip.end());
  }
  return zip.finish();
}

}  // namespace

Result<void> write_archive(const std::string& output, const Format& format, int level,
                           const std::vector<Member>& members, const CancelToken& cancel,
                           const ReadProgress& progress) {
  if (format.container == Container::None && members.size() != 1) {
    return invalid_input("Can only have 1 input file when not using tar/zip. Found " +
                         std::to_string(members.size()) + " files");
  }
  io::Fd file = TRY(io::open_file(output, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  Reader reader(members, cancel, progress);
  Result<void> made = format.container == Container::Zip
                          ? write_zip(file, level, members, reader)
                          : write_compressed(file, format, level, members, reader);
  if (made) made = file.close();
  if (!made) (void)io::remove_file(output);
  return made;
}

}  // namespace farm::builders::archive
