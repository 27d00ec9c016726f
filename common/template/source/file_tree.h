// FileTree: the files a template is loaded from. farmctl reads the disk; the coordinator reads a
// bundle; tests read a map. Paths are as the user typed them or joined to that with '/'.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace farm::templates {

class FileTree {
 public:
  enum class Kind { Missing, File, Directory };

  virtual ~FileTree() = default;
  virtual Kind kind(const std::string& path) = 0;
  /// Whole file; "-" is standard input. NotFound, Denied; InvalidInput for a directory.
  virtual Result<std::string> read(const std::string& path) = 0;
  /// Names (not paths) of the entries of a directory that are no directories, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
};

/// The disk of this process.
class DiskTree final : public FileTree {
 public:
  Kind kind(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
};

/// Files in memory by path: tests, bundles that are small.
class MemoryTree final : public FileTree {
 public:
  explicit MemoryTree(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  Kind kind(const std::string& path) override;
  Result<std::string> read(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;

 private:
  std::map<std::string, std::string> files_;
};

/// `directory` and `name` as one path, without doubling the slash; "." and "" stay out of it only
/// where the user left them out too.
std::string join_path(const std::string& directory, const std::string& name);

}  // namespace farm::templates
