#include "builders/core/build_context.h"

namespace farm::builders {

std::string resolve_path(const BuildContext& context, const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  if (path == "~" || path.starts_with("~/")) {
    const std::string home = context.environment.get_or("HOME", "/");
    return home + path.substr(1);
  }
  if (context.working_directory.ends_with('/')) return context.working_directory + path;
  return context.working_directory + "/" + path;
}

}  // namespace farm::builders
