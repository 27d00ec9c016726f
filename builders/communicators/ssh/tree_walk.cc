#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "builders/communicators/ssh/directory_transfer.h"

namespace farm::builders::ssh {
namespace {

using FileId = std::pair<dev_t, ino_t>;

class TreeWalk {
 public:
  explicit TreeWalk(const std::vector<std::string>& exclude) : exclude_(exclude) {}

  Result<void> visit(const std::string& path, const std::string& relative) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return system_error("stat " + path, errno);
    const bool directory = S_ISDIR(info.st_mode);
    // Sockets, pipes and devices have no content to copy.
    if (!directory && !S_ISREG(info.st_mode)) return {};
    entries.push_back({relative, path, directory, info.st_mode & 07777U,
                       directory ? 0 : static_cast<uint64_t>(info.st_size)});
    if (!directory) return {};
    const FileId id{info.st_dev, info.st_ino};
    if (std::find(above_.begin(), above_.end(), id) != above_.end()) {
      return invalid_input(path + ": a symbolic link leads back to a directory above it");
    }
    above_.push_back(id);
    const std::vector<std::string> children = TRY(names_in(path));
    for (const std::string& name : children) {
      const std::string below = relative.empty() ? name : relative + "/" + name;
      if (excluded(below, exclude_)) continue;
      TRY(visit(path + "/" + name, below));
    }
    above_.pop_back();
    return {};
  }

  std::vector<TreeEntry> entries;

 private:
  static Result<std::vector<std::string>> names_in(const std::string& path) {
    std::error_code failure;
    std::vector<std::string> names;
    std::filesystem::directory_iterator at(path, failure);
    for (; !failure && at != std::filesystem::directory_iterator(); at.increment(failure)) {
      names.push_back(at->path().filename().string());
    }
    if (failure) return system_error("list " + path, failure.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  const std::vector<std::string>& exclude_;
  std::vector<FileId> above_;
};

}  // namespace

bool excluded(const std::string& relative, const std::vector<std::string>& exclude) {
  const std::string name = relative.substr(relative.find_last_of('/') + 1);
  return std::any_of(exclude.begin(), exclude.end(), [&](std::string pattern) {
    while (pattern.starts_with("./")) pattern.erase(0, 2);
    while (pattern.ends_with('/')) pattern.pop_back();
    return ::fnmatch(pattern.c_str(), relative.c_str(), FNM_PATHNAME) == 0 ||
           ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

Result<std::vector<TreeEntry>> walk_tree(const std::string& root,
                                         const std::vector<std::string>& exclude) {
  TreeWalk walk(exclude);
  TRY(walk.visit(root, ""));
  if (!walk.entries.empty() && !walk.entries.front().directory) {
    return invalid_input(root + " is no directory");
  }
  return std::move(walk.entries);
}

}  // namespace farm::builders::ssh
