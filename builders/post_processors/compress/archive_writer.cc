#include "builders/post_processors/compress/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/io/fd.h"
#include "common/io/files.h"

namespace farm::builders::post_processor_compress {
namespace {

struct ArchiveFree {
  void operator()(struct archive* handle) const noexcept { ::archive_write_free(handle); }
};
using ArchivePtr = std::unique_ptr<struct archive, ArchiveFree>;
struct EntryFree {
  void operator()(struct archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};
using EntryPtr = std::unique_ptr<struct archive_entry, EntryFree>;
struct FileClose {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, FileClose>;

constexpr size_t kPiece = 1U << 20;

Error archive_error(struct archive* handle, const std::string& what) {
  const char* text = ::archive_error_string(handle);
  return internal(what + ": " + (text == nullptr ? "unknown error" : text));
}

const char* filter_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::Gzip:
      return "gzip";
    case Algorithm::Lz4:
      return "lz4";
    case Algorithm::Xz:
      return "xz";
    case Algorithm::Bzip2:
      return "bzip2";
    case Algorithm::Zstd:
      return "zstd";
    default:
      return nullptr;
  }
}

Result<void> set_up(struct archive* handle, const Format& format, int level) {
  int status = ARCHIVE_OK;
  if (format.archive == Archive::Tar) {
    status = ::archive_write_set_format_gnutar(handle);
  } else if (format.archive == Archive::Zip) {
    status = ::archive_write_set_format_zip(handle);
  } else {
    status = ::archive_write_set_format_raw(handle);
  }
  if (status != ARCHIVE_OK) return archive_error(handle, "set format");
  const std::string level_text = std::to_string(level);
  if (format.archive == Archive::Zip && level > 0) {
    if (::archive_write_set_format_option(handle, "zip", "compression-level",
                                          level_text.c_str()) != ARCHIVE_OK) {
      return archive_error(handle, "set compression level");
    }
  }
  const char* filter = filter_name(format.algorithm);
  if (filter == nullptr) return {};
  if (::archive_write_add_filter_by_name(handle, filter) < ARCHIVE_WARN) {
    return archive_error(handle, std::string("add ") + filter);
  }
  if (level > 0 && ::archive_write_set_filter_option(handle, filter, "compression-level",
                                                     level_text.c_str()) != ARCHIVE_OK) {
    return archive_error(handle, "set compression level");
  }
  return {};
}

Result<void> add_member(struct archive* handle, const Member& member, const CancelToken& cancel) {
  const FilePtr file(std::fopen(member.path.c_str(), "rbe"));
  if (!file) return system_error("open " + member.path, errno);
  struct stat status {};
  if (::fstat(::fileno(file.get()), &status) != 0) return system_error("stat " + member.path, errno);
  const EntryPtr entry(::archive_entry_new());
  ::archive_entry_copy_stat(entry.get(), &status);
  ::archive_entry_set_pathname(entry.get(), member.name.c_str());
  if (::archive_write_header(handle, entry.get()) < ARCHIVE_WARN) {
    return archive_error(handle, "add " + member.name);
  }
  std::vector<char> buffer(kPiece);
  while (true) {
    TRY(cancel.check());
    const size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (got == 0) break;
    if (::archive_write_data(handle, buffer.data(), got) < 0) {
      return archive_error(handle, "write " + member.name);
    }
  }
  if (std::ferror(file.get()) != 0) return system_error("read " + member.path, errno);
  return {};
}

Result<void> write_with_libarchive(const std::string& output, const Format& format, int level,
                                   const std::vector<Member>& members, const CancelToken& cancel) {
  const ArchivePtr handle(::archive_write_new());
  TRY(set_up(handle.get(), format, level));
  if (::archive_write_open_filename(handle.get(), output.c_str()) != ARCHIVE_OK) {
    return archive_error(handle.get(), "create " + output);
  }
  for (const Member& member : members) TRY(add_member(handle.get(), member, cancel));
  if (::archive_write_close(handle.get()) != ARCHIVE_OK) {
    return archive_error(handle.get(), "close " + output);
  }
  return {};
}

// BGZF: gzip members of at most 64 KiB input, each with its own size in an extra field, then an
// empty member (SAM/BAM format specification, section 4.1).
Result<std::string> bgzf_block(std::string_view piece, int level) {
  std::string body(piece.size() + 1024, '\0');
  z_stream stream{};
  if (::deflateInit2(&stream, level < 0 ? Z_DEFAULT_COMPRESSION : level, Z_DEFLATED, -15, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
    return internal("deflateInit2 failed");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
  stream.next_out = reinterpret_cast<Bytef*>(body.data());
  stream.avail_out = static_cast<uInt>(body.size());
  const int status = ::deflate(&stream, Z_FINISH);
  const size_t size = stream.total_out;
  ::deflateEnd(&stream);
  if (status != Z_STREAM_END) return internal("deflate failed");
  body.resize(size);
  const auto put = [](std::string& out, uint32_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
  };
  std::string block("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16);
  put(block, static_cast<uint32_t>(body.size() + 25), 2);  // whole block size less one
  block += body;
  const uLong checksum = ::crc32(0, reinterpret_cast<const Bytef*>(piece.data()),
                                 static_cast<uInt>(piece.size()));
  put(block, static_cast<uint32_t>(checksum), 4);
  put(block, static_cast<uint32_t>(piece.size()), 4);
  return block;
}

Result<void> write_bgzf(const std::string& output, int level, const Member& member,
                        const CancelToken& cancel) {
  constexpr size_t kBlock = 0xff00;
  const FilePtr in(std::fopen(member.path.c_str(), "rbe"));
  if (!in) return system_error("open " + member.path, errno);
  FilePtr out(std::fopen(output.c_str(), "wbe"));
  if (!out) return system_error("create " + output, errno);
  std::array<char, kBlock> buffer{};
  size_t got = 0;
  do {
    TRY(cancel.check());
    got = std::fread(buffer.data(), 1, buffer.size(), in.get());
    const std::string block = TRY(bgzf_block({buffer.data(), got}, level));
    if (std::fwrite(block.data(), 1, block.size(), out.get()) != block.size()) {
      return system_error("write " + output, errno);
    }
  } while (got > 0);
  if (std::ferror(in.get()) != 0) return system_error("read " + member.path, errno);
  if (std::fclose(out.release()) != 0) return system_error("write " + output, errno);
  return {};
}

}  // namespace

Result<void> write_archive(const std::string& output, const Format& format, int level,
                           const std::vector<Member>& members, const CancelToken& cancel) {
  if (format.archive == Archive::None && members.size() != 1) {
    return invalid_input(
        "Can only have 1 input file when not using tar/zip. Found " +
        std::to_string(members.size()) + " files");
  }
  if (format.archive == Archive::Tar && format.algorithm == Algorithm::Bgzf) {
    const std::string tar = output + ".tar-part";
    Result<void> made =
        write_with_libarchive(tar, {Archive::Tar, Algorithm::None}, level, members, cancel);
    if (made) made = write_bgzf(output, level, {tar, {}}, cancel);
    (void)io::remove_file(tar);
    if (!made) (void)io::remove_file(output);
    return made;
  }
  Result<void> made = format.algorithm == Algorithm::Bgzf
                          ? write_bgzf(output, level, members[0], cancel)
                          : write_with_libarchive(output, format, level, members, cancel);
  if (!made) (void)io::remove_file(output);
  return made;
}

}  // namespace farm::builders::post_processor_compress
