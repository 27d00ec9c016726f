#include "common/template/source/file_tree.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farm::templates {
namespace {

struct DirectoryClose {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, DirectoryClose>;

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  char block[64 * 1024];
  while (true) {
    const ssize_t got = ::read(fd, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read " + path, errno);
    if (got == 0) return text;
    text.append(block, static_cast<size_t>(got));
  }
}

std::string trim_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

FileTree::Kind DiskTree::kind(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Kind::Missing;
  return S_ISDIR(status.st_mode) ? Kind::Directory : Kind::File;
}

Result<std::string> DiskTree::read(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO, "standard input");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error("open " + path, errno);
  Result<std::string> text = read_all(fd, path);
  ::close(fd);
  return text;
}

Result<std::vector<std::string>> DiskTree::list(const std::string& directory) {
  const Directory open_directory(::opendir(directory.c_str()));
  if (!open_directory) return system_error("open directory " + directory, errno);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(open_directory.get())) {
    const std::string name = entry->d_name;
    // Shared files are often symbolic links: they count as what they point to.
    if (entry->d_type == DT_REG ||
        (entry->d_type != DT_DIR && kind(join_path(directory, name)) == Kind::File)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

FileTree::Kind MemoryTree::kind(const std::string& path) {
  if (files_.contains(path)) return Kind::File;
  const std::string prefix = path == "." ? "" : trim_slashes(path) + "/";
  for (const auto& [name, text] : files_) {
    if (name.starts_with(prefix)) return Kind::Directory;
  }
  return Kind::Missing;
}

Result<std::string> MemoryTree::read(const std::string& path) {
  std::string key = path;
  if (!files_.contains(key) && key.starts_with("./")) key.erase(0, 2);
  const auto found = files_.find(key);
  if (found == files_.end()) return not_found("open " + path + ": no such file or directory");
  return found->second;
}

Result<std::vector<std::string>> MemoryTree::list(const std::string& directory) {
  const std::string prefix = directory == "." ? "" : trim_slashes(directory) + "/";
  std::vector<std::string> names;
  for (const auto& [name, text] : files_) {
    if (!name.starts_with(prefix)) continue;
    std::string rest = name.substr(prefix.size());
    if (rest.find('/') == std::string::npos) names.push_back(std::move(rest));
  }
  return names;
}

std::string join_path(const std::string& directory, const std::string& name) {
  if (directory.empty()) return name;
  return directory.back() == '/' ? directory + name : directory + "/" + name;
}

}  // namespace farm::templates
