// SourceTexts: the text of every file that was read while a template was loaded, for showing the
// source line of a diagnostic.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/template/source/file_tree.h"

namespace farm::templates {

class SourceTexts {
 public:
  /// Reads through `tree` once per path and keeps the text; never null.
  Result<const std::string*> read(FileTree& tree, const std::string& path);
  void add(const std::string& path, std::string text) { texts_[path] = std::move(text); }
  /// nullptr when the file was not read.
  const std::string* find(const std::string& path) const;
  /// Line `line` (from 1) of `path` without its line end.
  std::optional<std::string> line(const std::string& path, uint32_t line) const;
  size_t file_count() const { return texts_.size(); }
  const std::map<std::string, std::string>& all() const { return texts_; }

 private:
  std::map<std::string, std::string> texts_;
};

}  // namespace farm::templates
