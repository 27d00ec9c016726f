#include "builders/communicators/ssh/sftp.h"

#include <libssh2.h>
#include <libssh2_sftp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <functional>

namespace farm::builders::ssh {
namespace {

// Bytes that may be on their way unacknowledged; libssh2 cuts them into requests of 30000 bytes.
constexpr size_t kWindow = 2U << 20;
// The window slides over a buffer of this size, so that moving its rest down is rare.
constexpr size_t kUploadBuffer = 4 * kWindow;
// libssh2 reads ahead four times the size of the caller's buffer.
constexpr size_t kDownloadBuffer = 1U << 20;
constexpr auto kCloseTime = std::chrono::seconds(10);

const char* status_text(unsigned long status) {
  switch (status) {
    case LIBSSH2_FX_NO_SUCH_FILE:
      return "no such file";
    case LIBSSH2_FX_PERMISSION_DENIED:
      return "permission denied";
    case LIBSSH2_FX_FAILURE:
      return "failure";
    case LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM:
      return "no space left";
    case LIBSSH2_FX_OP_UNSUPPORTED:
      return "not supported by the server";
    default:
      return "failed";
  }
}

/// SFTP servers expand nothing; relative paths begin at the home directory.
std::string without_home(const std::string& path) {
  if (path == "~" || path == "~/") return ".";
  return path.starts_with("~/") ? path.substr(2) : path;
}

}  // namespace

/// An open remote file or directory.
class Sftp::Handle {
 public:
  Handle(Session& session, LIBSSH2_SFTP_HANDLE* handle) : session_(session), handle_(handle) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    const CancelToken never;
    if (handle_) static_cast<void>(close({never, io::steady_now() + kCloseTime}).has_value());
  }
  LIBSSH2_SFTP_HANDLE* raw() const { return handle_; }
  Result<long> close(const Wait& wait) {
    LIBSSH2_SFTP_HANDLE* const closing = std::exchange(handle_, nullptr);
    return session_.until_done([&] { return libssh2_sftp_close_handle(closing); }, wait);
  }

 private:
  Session& session_;
  LIBSSH2_SFTP_HANDLE* handle_;
};

Result<std::unique_ptr<Sftp>> Sftp::open(Session& session, const Wait& wait) {
  std::unique_ptr<Sftp> sftp(new Sftp(session));
  TRY(session.require(
      "sftp: the server has no sftp subsystem",
      [&]() -> long {
        sftp->sftp_ = libssh2_sftp_init(session.raw());
        return sftp->sftp_ ? 0 : libssh2_session_last_errno(session.raw());
      },
      wait));
  return sftp;
}

Sftp::~Sftp() {
  if (!sftp_) return;
  const CancelToken never;
  const Wait soon{never, io::steady_now() + kCloseTime};
  static_cast<void>(
      session_.until_done([&] { return libssh2_sftp_shutdown(sftp_); }, soon).has_value());
}

Error Sftp::error(const std::string& doing) const {
  if (session_.lost() ||
      libssh2_session_last_errno(session_.raw()) != LIBSSH2_ERROR_SFTP_PROTOCOL) {
    return session_.error(doing.c_str());
  }
  const unsigned long status = libssh2_sftp_last_error(sftp_);
  const std::string text = doing + ": " + status_text(status);
  if (status == LIBSSH2_FX_NO_SUCH_FILE) return not_found(text);
  if (status == LIBSSH2_FX_PERMISSION_DENIED) return denied(text);
  return Error{ErrorCode::Unavailable, text, false};
}

Result<std::unique_ptr<Sftp::Handle>> Sftp::open_handle(const std::string& path,
                                                        unsigned long flags, long mode, int type,
                                                        const Wait& wait) {
  const std::string name = without_home(path);
  LIBSSH2_SFTP_HANDLE* handle = nullptr;
  const long code = TRY(session_.until_done(
      [&]() -> long {
        handle = libssh2_sftp_open_ex(sftp_, name.data(), static_cast<unsigned>(name.size()), flags,
                                      mode, type);
        return handle ? 0 : libssh2_session_last_errno(session_.raw());
      },
      wait));
  if (code < 0) return error("sftp: open " + path);
  return std::make_unique<Handle>(session_, handle);
}

// Servers write in the order of the requests, so what is there is the beginning of the file.
Result<uint64_t> Sftp::resume_offset(const ResumePoint& point, const UploadSource& source,
                                     const std::string& remote, const Wait& wait) {
  if (point.done == 0) return uint64_t{0};
  const auto there = stat(remote, wait);
  if (!there) {
    if (there.error().code == ErrorCode::NotFound) return uint64_t{0};
    return there.error();
  }
  return std::min({there->size, point.done, source.size()});
}

Result<void> Sftp::upload_from(ResumePoint& point, const UploadSource& source,
                               const std::string& remote, uint32_t mode,
                               const ProgressSink& progress, const Wait& wait) {
  const uint64_t begun = TRY(resume_offset(point, source, remote, wait));
  point.used = point.used || begun > 0;
  const unsigned long truncate = begun == 0 ? LIBSSH2_FXF_TRUNC : 0;
  const auto handle =
      TRY(open_handle(remote, LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | truncate,
                      static_cast<long>(mode & 07777), LIBSSH2_SFTP_OPENFILE, wait));
  if (begun > 0) libssh2_sftp_seek64(handle->raw(), begun);
  const uint64_t size = source.size();
  std::vector<char> buffer(std::min<uint64_t>(kUploadBuffer, std::max<uint64_t>(size, 1)));
  size_t begin = 0;  // first byte not yet acknowledged
  size_t end = 0;    // bytes read from the source
  uint64_t acked = begun;
  uint64_t loaded = begun;
  while (acked < size) {
    if (end - begin < kWindow && loaded < size) {
      std::memmove(buffer.data(), buffer.data() + begin, end - begin);
      end -= begin;
      begin = 0;
      const size_t count = std::min<uint64_t>(buffer.size() - end, size - loaded);
      TRY(source.read(loaded, buffer.data() + end, count));
      end += count;
      loaded += count;
    }
    // The library sends what it has not sent of this range and answers how much was acknowledged.
    const size_t offered = std::min(kWindow, end - begin);
    const long done = TRY(session_.until_done(
        [&] { return libssh2_sftp_write(handle->raw(), buffer.data() + begin, offered); }, wait));
    if (done < 0) return error("sftp: write " + remote);
    begin += static_cast<size_t>(done);
    acked += static_cast<uint64_t>(done);
    point.done = acked;
    if (progress) progress(acked, size);
  }
  LIBSSH2_SFTP_ATTRIBUTES attributes{};
  attributes.flags = LIBSSH2_SFTP_ATTR_PERMISSIONS;
  attributes.permissions = mode & 07777;
  const long changed = TRY(
      session_.until_done([&] { return libssh2_sftp_fsetstat(handle->raw(), &attributes); }, wait));
  if (changed < 0) return error("sftp: set the mode of " + remote);
  const long closed = TRY(handle->close(wait));
  if (closed < 0) return error("sftp: close " + remote);
  return {};
}

Result<void> Sftp::download_from(ResumePoint& point, const std::string& remote,
                                 const std::string& local, const ProgressSink& progress,
                                 const Wait& wait) {
  const RemoteEntry info = TRY(stat(remote, wait));
  if (S_ISDIR(info.mode)) return invalid_input("sftp: " + remote + " is a directory");
  const auto handle = TRY(open_handle(remote, LIBSSH2_FXF_READ, 0, LIBSSH2_SFTP_OPENFILE, wait));
  const uint32_t mode = info.mode == 0 ? 0644 : info.mode;
  uint64_t done = std::min(point.done, info.size);
  point.used = point.used || done > 0;
  DownloadSink sink = TRY(DownloadSink::create(local, mode, done));
  if (done > 0) libssh2_sftp_seek64(handle->raw(), done);
  std::vector<char> buffer(kDownloadBuffer);
  for (;;) {
    const long got = TRY(session_.until_done(
        [&] { return libssh2_sftp_read(handle->raw(), buffer.data(), buffer.size()); }, wait));
    if (got < 0) return error("sftp: read " + remote);
    if (got == 0) break;
    TRY(sink.write(done, std::string_view(buffer.data(), static_cast<size_t>(got))));
    done += static_cast<uint64_t>(got);
    point.done = done;
    if (progress) progress(done, std::max(done, info.size));
  }
  return sink.close(done);
}

Result<RemoteEntry> Sftp::stat(const std::string& path, const Wait& wait) {
  const std::string name = without_home(path);
  LIBSSH2_SFTP_ATTRIBUTES attributes{};
  const long code = TRY(session_.until_done(
      [&] {
        return libssh2_sftp_stat_ex(sftp_, name.data(), static_cast<unsigned>(name.size()),
                                    LIBSSH2_SFTP_STAT, &attributes);
      },
      wait));
  if (code < 0) return error("sftp: stat " + path);
  RemoteEntry entry;
  entry.name = path;
  if (attributes.flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) {
    entry.mode = static_cast<uint32_t>(attributes.permissions);
  }
  if (attributes.flags & LIBSSH2_SFTP_ATTR_SIZE) entry.size = attributes.filesize;
  return entry;
}

Result<void> Sftp::make_directories(const std::string& path, uint32_t mode, const Wait& wait) {
  const auto known = stat(path, wait);
  if (known) {
    if (S_ISDIR(known->mode) || known->mode == 0) return {};
    return conflict("sftp: " + path + " is no directory");
  }
  if (known.error().code != ErrorCode::NotFound) return known.error();
  const size_t slash = path.find_last_of('/');
  if (slash != std::string::npos && slash > 0) {
    TRY(make_directories(path.substr(0, slash), 0755, wait));
  }
  const std::string name = without_home(path);
  const long code = TRY(session_.until_done(
      [&] {
        return libssh2_sftp_mkdir_ex(sftp_, name.data(), static_cast<unsigned>(name.size()),
                                     static_cast<long>(mode & 07777));
      },
      wait));
  if (code < 0) return error("sftp: create directory " + path);
  return {};
}

Result<std::vector<RemoteEntry>> Sftp::list(const std::string& path, const Wait& wait) {
  const auto handle = TRY(open_handle(path, 0, 0, LIBSSH2_SFTP_OPENDIR, wait));
  std::vector<RemoteEntry> entries;
  std::vector<char> name(4096);
  for (;;) {
    LIBSSH2_SFTP_ATTRIBUTES attributes{};
    const long length = TRY(session_.until_done(
        [&] {
          return libssh2_sftp_readdir_ex(handle->raw(), name.data(), name.size(), nullptr, 0,
                                         &attributes);
        },
        wait));
    if (length < 0) return error("sftp: list " + path);
    if (length == 0) return entries;
    RemoteEntry entry;
    entry.name.assign(name.data(), static_cast<size_t>(length));
    if (entry.name == "." || entry.name == "..") continue;
    if (attributes.flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) {
      entry.mode = static_cast<uint32_t>(attributes.permissions);
    }
    entries.push_back(std::move(entry));
  }
}

Result<Sftp*> SftpTransfer::subsystem(const Wait& wait) {
  if (!sftp_) sftp_ = TRY(Sftp::open(session_, wait));
  return sftp_.get();
}

Result<void> SftpTransfer::upload_from(ResumePoint& point, const UploadSource& source,
                                       const std::string& remote, uint32_t mode,
                                       const ProgressSink& progress, const Wait& wait) {
  Sftp* sftp = TRY(subsystem(wait));
  return sftp->upload_from(point, source, remote, mode, progress, wait);
}

Result<void> SftpTransfer::download_from(ResumePoint& point, const std::string& remote,
                                         const std::string& local, const ProgressSink& progress,
                                         const Wait& wait) {
  Sftp* sftp = TRY(subsystem(wait));
  return sftp->download_from(point, remote, local, progress, wait);
}

}  // namespace farm::builders::ssh
