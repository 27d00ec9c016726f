// The copy behind copy_file() of files.h: reflink where the file system can, otherwise only the
// data extents, so that a 40 GiB sparse disk costs what it holds.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io/files.h"

namespace farm::io {
namespace {

constexpr uint64_t kPieceBytes = 16U << 20;  // between two looks at the cancel token

Result<void> copy_by_buffer(int from, int to, uint64_t begin, uint64_t end) {
  std::string buffer(std::min<uint64_t>(1U << 20, end - begin), '\0');
  while (begin < end) {
    const size_t want = std::min<uint64_t>(buffer.size(), end - begin);
    const ssize_t got = ::pread(from, buffer.data(), want, static_cast<off_t>(begin));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", errno);
    if (got == 0) return {};  // the source became shorter
    size_t done = 0;
    while (done < static_cast<size_t>(got)) {
      const ssize_t put = ::pwrite(to, buffer.data() + done, static_cast<size_t>(got) - done,
                                   static_cast<off_t>(begin + done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return system_error("write", errno);
      done += static_cast<size_t>(put);
    }
    begin += done;
  }
  return {};
}

Result<void> copy_range(int from, int to, uint64_t begin, uint64_t end) {
  while (begin < end) {
    auto in = static_cast<off_t>(begin);
    auto out = static_cast<off_t>(begin);
    const ssize_t got = ::copy_file_range(from, &in, to, &out, end - begin, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return copy_by_buffer(from, to, begin, end);  // not between these two
    begin += static_cast<uint64_t>(got);
  }
  return {};
}

Result<void> copy_extents(int from, int to, uint64_t size, const CancelToken& cancel,
                          const CopyProgress& progress) {
  uint64_t at = 0;
  while (at < size) {
    const off_t data = ::lseek(from, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // only a hole is left
    uint64_t begin = data < 0 ? at : static_cast<uint64_t>(data);
    const off_t hole = ::lseek(from, static_cast<off_t>(begin), SEEK_HOLE);
    const uint64_t end = data < 0 || hole < 0 ? size : static_cast<uint64_t>(hole);
    while (begin < end) {
      TRY(cancel.check());
      const uint64_t stop = std::min(end, begin + kPieceBytes);
      TRY(copy_range(from, to, begin, stop));
      begin = stop;
      if (progress) progress(begin, size);
    }
    at = end;
  }
  if (progress) progress(size, size);
  return {};
}

}  // namespace

Result<void> copy_file(const std::string& from, const std::string& to, const CancelToken& cancel,
                       const CopyProgress& progress) {
  const Fd source = TRY(open_file(from, O_RDONLY));
  struct stat info {};
  if (::fstat(source.get(), &info) != 0) return system_error("stat " + from, errno);
  if (!S_ISREG(info.st_mode)) return invalid_input(from + " is not a regular file");
  Fd target = TRY(open_file(to, O_WRONLY | O_CREAT | O_TRUNC, info.st_mode & 0777));
  if (::ioctl(target.get(), FICLONE, source.get()) == 0) return target.close();
  const auto size = static_cast<uint64_t>(info.st_size);
  if (::ftruncate(target.get(), info.st_size) != 0) return system_error("resize " + to, errno);
  const Result<void> copied = copy_extents(source.get(), target.get(), size, cancel, progress);
  if (!copied) return copied.error().within("copy " + from + " to " + to);
  return target.close();
}

}  // namespace farm::io
