#include "common/template/source/source_texts.h"

namespace farm::templates {

Result<const std::string*> SourceTexts::read(FileTree& tree, const std::string& path) {
  if (const std::string* known = find(path)) return known;
  std::string text = TRY(tree.read(path));
  return &(texts_[path] = std::move(text));
}

const std::string* SourceTexts::find(const std::string& path) const {
  const auto found = texts_.find(path);
  return found == texts_.end() ? nullptr : &found->second;
}

std::optional<std::string> SourceTexts::line(const std::string& path, uint32_t line) const {
  const std::string* text = find(path);
  if (text == nullptr) return std::nullopt;
  size_t start = 0;
  for (uint32_t at = 1; at < line; ++at) {
    start = text->find('\n', start);
    if (start == std::string::npos) return std::nullopt;
    ++start;
  }
  size_t end = text->find('\n', start);
  if (end == std::string::npos) end = text->size();
  if (end > start && (*text)[end - 1] == '\r') --end;
  return text->substr(start, end - start);
}

}  // namespace farm::templates
