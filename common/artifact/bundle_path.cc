#include "common/artifact/bundle_path.h"

#include <algorithm>
#include <string>

namespace farm::artifact {

Result<void> check_bundle_path(std::string_view path) {
  constexpr size_t kMaxPath = 4096;
  const std::string shown(path.substr(0, 200));
  if (path.empty() || path.size() > kMaxPath) {
    return invalid_input("a bundle path is empty or too long: `" + shown + "`");
  }
  if (path.find('\0') != std::string_view::npos) {
    return invalid_input("a bundle path has a NUL byte");
  }
  size_t start = 0;
  while (start <= path.size()) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view component = path.substr(start, end - start);
    if (component.empty() || component == "." || component == "..") {
      return invalid_input("the bundle path `" + shown +
                           "` is not a plain relative path inside the bundle");
    }
    start = end + 1;
  }
  return {};
}

}  // namespace farm::artifact
