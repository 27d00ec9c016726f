#include "common/template/functions/local_outside.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace farm::functions {
namespace {

namespace fs = std::filesystem;

class File {
 public:
  // Non-blocking so that a pipe without a writer does not hold us.
  explicit File(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// The mode as "drwxr-xr-x": Packer's message for what is no regular file shows it.
std::string mode_text(mode_t mode) {
  std::string text(1, S_ISDIR(mode)    ? 'd'
                      : S_ISFIFO(mode) ? 'p'
                      : S_ISSOCK(mode) ? 'S'
                      : S_ISLNK(mode)  ? 'L'
                                       : 'D');
  constexpr std::string_view kLetters = "rwxrwxrwx";
  for (size_t i = 0; i < kLetters.size(); ++i) {
    text += (mode >> (kLetters.size() - 1 - i) & 1U) != 0 ? kLetters[i] : '-';
  }
  return text;
}

}  // namespace

std::string LocalOutside::absolute(const std::string& path) const {
  return path.starts_with('/') ? path : working_directory_ + "/" + path;
}

Result<std::string> LocalOutside::read_file(const std::string& path) {
  const File file(absolute(path));
  if (file.descriptor() < 0) return system_error("read " + path, errno);
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return system_error("read " + path, errno);
  if (S_ISDIR(status.st_mode)) return invalid_input("read " + path + ": is a directory");
  std::string content;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t count = ::read(file.descriptor(), buffer.data(), buffer.size());
    if (count == 0) return content;
    if (count > 0) {
      content.append(buffer.data(), static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return system_error("read " + path, errno);
    }
  }
}

Result<bool> LocalOutside::file_exists(const std::string& path) {
  struct stat status {};
  if (::stat(absolute(path).c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_error("failed to stat " + path, errno);
  }
  if (S_ISREG(status.st_mode)) return true;
  return invalid_input(path + " is not a regular file, but \"" + mode_text(status.st_mode) + "\"");
}

Result<std::vector<std::string>> LocalOutside::list_files(const std::string& directory) {
  const fs::path top = absolute(directory);
  std::error_code problem;
  if (!fs::exists(top, problem)) return not_found("no directory exists at " + directory);
  std::vector<std::string> files;
  // What the user may not enter is left out.
  fs::recursive_directory_iterator entry(top, fs::directory_options::skip_permission_denied,
                                         problem);
  for (; !problem && entry != fs::recursive_directory_iterator(); entry.increment(problem)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) {
      files.push_back(entry->path().lexically_relative(top).generic_string());
    }
  }
  if (problem) return system_error("list " + directory, problem.value());
  std::sort(files.begin(), files.end());
  return files;
}

std::string LocalOutside::home_directory() {
  if (const std::optional<std::string> home = environment_.get("HOME"); home && !home->empty()) {
    return *home;
  }
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found) {
    return found->pw_dir;
  }
  return "/";
}

Result<std::string> LocalOutside::secret(const std::string& kind,
                                         const std::vector<std::string>& arguments) {
  if (secret_hook_) return secret_hook_(kind, arguments);
  Error error = unavailable(kind + "() cannot be asked here: no connection to it is configured");
  error.retryable = false;
  return error;
}

}  // namespace farm::functions
