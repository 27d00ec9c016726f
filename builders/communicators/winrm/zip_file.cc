#include "builders/communicators/winrm/zip_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <locale.h>
#include <memory>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "common/io/fd.h"
#include "common/io/files.h"

namespace farm::builders::winrm {
namespace {

constexpr size_t kZipPiece = 1U << 20;

struct ZipWriterFree {
  void operator()(archive* handle) const noexcept { archive_write_free(handle); }
};
struct ZipReaderFree {
  void operator()(archive* handle) const noexcept { archive_read_free(handle); }
};
struct ZipEntryFree {
  void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
};

// libarchive converts names to the locale of the calling thread, which may be "C".
class Utf8Names {
 public:
  Utf8Names() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = ::uselocale(locale_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;
  ~Utf8Names() {
    if (locale_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }

 private:
  locale_t locale_ = nullptr;
  locale_t before_ = nullptr;
};

Error zip_error(archive* handle) {
  const char* text = archive_error_string(handle);
  return corrupt(std::string("zip: ") + (text != nullptr ? text : "damaged archive"));
}

Result<void> write_content(archive* writer, const ssh::TreeEntry& item,
                           const CancelToken& cancel) {
  const ssh::UploadSource source = TRY(ssh::UploadSource::open(item.path));
  std::vector<char> piece(std::min<uint64_t>(kZipPiece, std::max<uint64_t>(item.size, 1)));
  for (uint64_t done = 0; done < item.size;) {
    TRY(cancel.check());
    const size_t count = std::min<uint64_t>(piece.size(), item.size - done);
    TRY(source.read(done, piece.data(), count));
    if (archive_write_data(writer, piece.data(), count) < 0) return zip_error(writer);
    done += count;
  }
  return {};
}

// "a\b" of older .NET -> "a/b"; "" for the root; Corrupt for what leads outside.
Result<std::string> safe_name(archive_entry* entry) {
  const char* utf8 = archive_entry_pathname_utf8(entry);
  const char* raw = utf8 != nullptr ? utf8 : archive_entry_pathname(entry);
  if (raw == nullptr) return corrupt("zip: an entry has no name");
  std::string name = raw;
  std::replace(name.begin(), name.end(), '\\', '/');
  while (name.ends_with('/')) name.pop_back();
  const bool outside = name.starts_with('/') || name == ".." || name.starts_with("../") ||
                       name.ends_with("/..") || name.find("/../") != std::string::npos;
  if (outside) return corrupt("zip: refused to unpack " + name);
  return name;
}

Result<void> unpack_entry(archive* reader, archive_entry* entry, const std::string& path,
                          const CancelToken& cancel) {
  const char* raw = archive_entry_pathname(entry);
  const bool folder = archive_entry_filetype(entry) == AE_IFDIR ||
                      (raw != nullptr && std::string_view(raw).ends_with('\\'));
  if (folder) return io::make_directories(path);
  TRY(io::make_directories(io::parent_path(path)));
  const io::Fd file = TRY(io::open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644));
  std::vector<char> piece(kZipPiece);
  while (true) {
    TRY(cancel.check());
    const la_ssize_t count = archive_read_data(reader, piece.data(), piece.size());
    if (count < 0) return zip_error(reader);
    if (count == 0) return {};
    TRY(io::write_all(file.get(), std::string_view(piece.data(), static_cast<size_t>(count))));
  }
}

}  // namespace

Result<void> write_zip(const std::vector<ssh::TreeEntry>& tree, const std::string& path,
                       const CancelToken& cancel) {
  const Utf8Names names;
  const std::unique_ptr<archive, ZipWriterFree> writer(archive_write_new());
  archive_write_set_format_zip(writer.get());
  archive_write_set_options(writer.get(), "zip:hdrcharset=UTF-8");
  if (archive_write_open_filename(writer.get(), path.c_str()) != ARCHIVE_OK) {
    return zip_error(writer.get());
  }
  for (const ssh::TreeEntry& item : tree) {
    if (item.relative.empty()) continue;
    const std::unique_ptr<archive_entry, ZipEntryFree> entry(archive_entry_new());
    archive_entry_update_pathname_utf8(entry.get(), item.relative.c_str());
    archive_entry_set_filetype(entry.get(), item.directory ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry.get(), item.mode & 0777U);
    archive_entry_set_size(entry.get(), item.directory ? 0 : static_cast<la_int64_t>(item.size));
    if (archive_write_header(writer.get(), entry.get()) < ARCHIVE_WARN) return zip_error(writer.get());
    if (!item.directory) TRY(write_content(writer.get(), item, cancel));
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return zip_error(writer.get());
  return {};
}

Result<void> read_zip(const std::string& path, const std::string& target,
                      const std::vector<std::string>& exclude, const CancelToken& cancel) {
  const Utf8Names names;
  const std::unique_ptr<archive, ZipReaderFree> reader(archive_read_new());
  archive_read_support_format_zip(reader.get());
  archive_read_set_options(reader.get(), "zip:hdrcharset=UTF-8");
  if (archive_read_open_filename(reader.get(), path.c_str(), kZipPiece) != ARCHIVE_OK) {
    return zip_error(reader.get());
  }
  archive_entry* entry = nullptr;
  while (true) {
    const int got = archive_read_next_header(reader.get(), &entry);
    if (got == ARCHIVE_EOF) return {};
    if (got < ARCHIVE_WARN) return zip_error(reader.get());
    const std::string name = TRY(safe_name(entry));
    if (name.empty() || ssh::excluded(name, exclude)) continue;
    TRY(unpack_entry(reader.get(), entry, target + "/" + name, cancel));
  }
}

}  // namespace farm::builders::winrm
