#include "common/io/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farm::io {
namespace {

struct DirClose {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using DirHandle = std::unique_ptr<DIR, DirClose>;

// A temporary name beside `path`, so that rename(2) stays within one file system.
Result<std::pair<Fd, std::string>> open_beside(const std::string& path) {
  std::string name = path + ".XXXXXX";
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  if (fd < 0) return system_error("create " + name, errno);
  return std::pair<Fd, std::string>(Fd(fd), name);
}

Result<void> write_sync_close(Fd file, std::string_view bytes, uint32_t mode) {
  TRY(write_all(file.get(), bytes));
  if (::fchmod(file.get(), mode) != 0) return system_error("chmod", errno);
  TRY(sync(file.get()));
  return file.close();
}

// Names in an open directory without "." and "..".
std::vector<std::string> names_in(DIR* directory) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> remove_at(int parent, const std::string& name, const std::string& shown) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return system_error("remove " + shown, errno);
  const int fd =
      ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return system_error("remove " + shown, errno);
  const DirHandle directory(::fdopendir(fd));
  if (!directory) {
    const int error = errno;
    ::close(fd);
    return system_error("remove " + shown, error);
  }
  for (const std::string& child : names_in(directory.get())) {
    TRY(remove_at(fd, child, shown + "/" + child));
  }
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return system_error("remove " + shown, errno);
  }
  return {};
}

Result<void> list_into(const std::string& directory, std::vector<std::string>& files) {
  const DirHandle handle(::opendir(directory.c_str()));
  if (!handle) return system_error("open " + directory, errno);
  for (const std::string& name : names_in(handle.get())) {
    const std::string path = directory + "/" + name;
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) continue;  // gone meanwhile
    if (S_ISDIR(info.st_mode)) {
      TRY(list_into(path, files));
    } else if (S_ISREG(info.st_mode)) {
      files.push_back(path);
    }
  }
  return {};
}

}  // namespace

bool exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<uint64_t> file_size(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error("stat " + path, errno);
  return static_cast<uint64_t>(info.st_size);
}

Result<std::string> read_file(const std::string& path, uint64_t max_bytes) {
  const Fd file = TRY(open_file(path, O_RDONLY));
  std::string content;
  std::string buffer(64 << 10, '\0');
  while (true) {
    const Result<size_t> got = read_some(file.get(), buffer.data(), buffer.size());
    if (!got) return got.error().within(path);
    if (*got == 0) return content;
    content.append(buffer.data(), *got);
    if (content.size() > max_bytes) {
      return invalid_input(path + " is larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

Result<void> write_file_atomic(const std::string& path, std::string_view bytes, uint32_t mode) {
  auto [file, name] = TRY(open_beside(path));
  Result<void> written = write_sync_close(std::move(file), bytes, mode);
  if (written && ::rename(name.c_str(), path.c_str()) != 0) {
    written = system_error("rename", errno);
  }
  if (!written) {
    ::unlink(name.c_str());
    return written.error().within("write " + path);
  }
  return sync_directory(parent_path(path));
}

Result<void> write_file(const std::string& path, std::string_view bytes, uint32_t mode) {
  Fd file = TRY(open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode));
  const Result<void> written = write_all(file.get(), bytes);
  if (!written) return written.error().within(path);
  return file.close();
}

Result<void> move_file(const std::string& from, const std::string& to,
                       const CancelToken& cancel) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  if (errno != EXDEV) return system_error("rename " + from + " to " + to, errno);
  TRY(copy_file(from, to, cancel));
  return remove_file(from);
}

Result<void> make_directories(const std::string& path, uint32_t mode) {
  if (path.empty() || is_directory(path)) return {};
  const std::string parent = parent_path(path);
  if (parent != path) TRY(make_directories(parent, mode));
  if (::mkdir(path.c_str(), mode) != 0 && !(errno == EEXIST && is_directory(path))) {
    return system_error("create directory " + path, errno);
  }
  return {};
}

Result<void> remove_tree(const std::string& path) { return remove_at(AT_FDCWD, path, path); }

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return system_error("remove " + path, errno);
  }
  return {};
}

Result<void> sync_directory(const std::string& path) {
  const Fd directory = TRY(open_file(path, O_RDONLY | O_DIRECTORY));
  return sync(directory.get());
}

Result<std::vector<std::string>> list_files(const std::string& directory) {
  std::vector<std::string> files;
  TRY(list_into(directory, files));
  std::sort(files.begin(), files.end());
  return files;
}

std::string parent_path(const std::string& path) {
  const size_t last = path.find_last_not_of('/');
  if (last == std::string::npos) return path.empty() ? "." : "/";
  const size_t slash = path.find_last_of('/', last);
  if (slash == std::string::npos) return ".";
  const size_t end = path.find_last_not_of('/', slash);
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

std::string base_name(const std::string& path) {
  const size_t last = path.find_last_not_of('/');
  if (last == std::string::npos) return path.empty() ? "." : "/";
  const size_t slash = path.find_last_of('/', last);
  const size_t begin = slash == std::string::npos ? 0 : slash + 1;
  return path.substr(begin, last + 1 - begin);
}

std::string extension(const std::string& path) {
  const std::string name = base_name(path);
  const size_t dot = name.find_last_of('.');
  return dot == std::string::npos ? "" : name.substr(dot + 1);
}

std::string join_path(const std::string& directory, const std::string& path) {
  if (directory.empty() || (!path.empty() && path.front() == '/')) return path;
  if (path.empty()) return directory;
  return directory.back() == '/' ? directory + path : directory + "/" + path;
}

Result<TempDirectory> TempDirectory::create(const std::string& parent,
                                            const std::string& prefix) {
  std::string path = join_path(parent, prefix + "XXXXXX");
  if (::mkdtemp(path.data()) == nullptr) return system_error("create directory " + path, errno);
  return TempDirectory(std::move(path));
}

TempDirectory& TempDirectory::operator=(TempDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempDirectory::~TempDirectory() {
  // A scope's end has nobody to tell; what must not stay behind is in the resource ledger.
  if (!path_.empty()) static_cast<void>(remove_tree(path_));
}

Result<FileLock> FileLock::acquire(const std::string& path, Instant deadline,
                                   const CancelToken& cancel) {
  Fd file = TRY(open_file(path, O_RDWR | O_CREAT, 0644));
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return system_error("lock " + path, errno);
    if (steady_now() >= deadline) return timed_out("lock " + path + " is held by another process");
    // flock has no wait with a deadline; 50 ms is short beside what the lock guards.
    if (!cancel.sleep(std::chrono::milliseconds(50))) return cancelled("cancelled");
  }
  return FileLock(std::move(file));
}

}  // namespace farm::io
