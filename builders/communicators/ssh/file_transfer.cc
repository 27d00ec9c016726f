#include "builders/communicators/ssh/file_transfer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/io/digests.h"

namespace farm::builders::ssh {

Result<UploadSource> UploadSource::open(const std::string& path) {
  UploadSource source;
  source.path_ = path;
  source.file_ = TRY(io::open_file(path, O_RDONLY));
  struct stat info {};
  if (::fstat(source.file_.get(), &info) != 0) return system_error("stat " + path, errno);
  if (S_ISDIR(info.st_mode)) return invalid_input(path + " is a directory");
  source.size_ = static_cast<uint64_t>(info.st_size);
  source.mode_ = info.st_mode & 07777;
  return source;
}

UploadSource UploadSource::of(std::string_view bytes) {
  UploadSource source;
  source.memory_ = bytes;
  source.size_ = bytes.size();
  return source;
}

Result<std::string> UploadSource::sha256(const CancelToken& cancel) const {
  if (!file_.valid()) return io::digest_hex(io::DigestKind::Sha256, memory_);
  return io::digest_file(io::DigestKind::Sha256, path_, cancel);
}

Result<void> UploadSource::read(uint64_t offset, char* buffer, size_t count) const {
  if (!file_.valid()) {
    std::memcpy(buffer, memory_.data() + offset, count);
    return {};
  }
  while (count > 0) {
    const ssize_t got = ::pread(file_.get(), buffer, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read " + path_, errno);
    if (got == 0) return conflict(path_ + " became shorter while it was sent");
    buffer += got;
    offset += static_cast<uint64_t>(got);
    count -= static_cast<size_t>(got);
  }
  return {};
}

Result<DownloadSink> DownloadSink::create(const std::string& path, uint32_t mode, uint64_t keep) {
  DownloadSink sink;
  sink.path_ = path;
  const int start = keep == 0 ? O_TRUNC : 0;
  sink.file_ = TRY(io::open_file(path, O_WRONLY | O_CREAT | start, (mode & 0777) | 0200));
  // An existing file keeps its mode through open().
  if (::fchmod(sink.file_.get(), mode & 0777) != 0) return system_error("chmod " + path, errno);
  return sink;
}

Result<void> DownloadSink::write(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put =
        ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error("write " + path_, errno);
    bytes.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return {};
}

Result<void> DownloadSink::close(uint64_t size) {
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) {
    return system_error("truncate " + path_, errno);
  }
  return file_.close();
}

namespace {

bool windows_path(std::string_view path) {
  return path.size() > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
}

bool plain(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || (static_cast<unsigned char>(c) & 0x80U) != 0 ||
         std::strchr("_./:@%+=,-${}", c) != nullptr;
}

}  // namespace

Result<std::string> remote_word(const std::string& path) {
  if (path.empty()) return invalid_input("the remote path is empty");
  if (path.find_first_of(std::string_view("\n\0", 2)) != std::string::npos) {
    return invalid_input("the remote path has a line break or NUL in it: " + path);
  }
  if (windows_path(path)) {
    // cmd.exe and PowerShell both know double quotes and no backslash escapes.
    return path.find(' ') == std::string::npos ? path : "\"" + path + "\"";
  }
  std::string word;
  for (size_t i = 0; i < path.size(); ++i) {
    const bool home = i == 0 && path[i] == '~';
    if (!home && !plain(path[i])) word += '\\';
    word += path[i];
  }
  // "-x" would be an option of the remote program.
  return word.front() == '-' ? "./" + word : word;
}

}  // namespace farm::builders::ssh
