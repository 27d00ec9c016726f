#include "builders/staging/local_path.h"

#include <fmt/format.h>

#include "builders/core/script.h"
#include "common/io/files.h"

namespace farm::builders::staging {
namespace {

enum class Wanted { File, Directory, Either };

void require(const PrepareContext& context, const std::string& option, const std::string& path,
             Wanted wanted, Findings& findings) {
  if (path.empty()) return;
  if (context.placeholders && path.find("<unknown>") != std::string::npos) return;
  const std::string local = resolve_path(context, path);
  if (!io::exists(local)) {
    findings.errors.push_back(
        fmt::format("{0}: {1} is invalid: stat {1}: no such file or directory", option, path));
  } else if (wanted == Wanted::File && io::is_directory(local)) {
    findings.errors.push_back(fmt::format("{}: {} must point to a file", option, path));
  } else if (wanted == Wanted::Directory && !io::is_directory(local)) {
    findings.errors.push_back(fmt::format("{}: {} must point to a directory", option, path));
  }
}

}  // namespace

void require_file(const PrepareContext& context, const std::string& option,
                  const std::string& path, Findings& findings) {
  require(context, option, path, Wanted::File, findings);
}

void require_directory(const PrepareContext& context, const std::string& option,
                       const std::string& path, Findings& findings) {
  require(context, option, path, Wanted::Directory, findings);
}

void require_path(const PrepareContext& context, const std::string& option,
                  const std::string& path, Findings& findings) {
  require(context, option, path, Wanted::Either, findings);
}

}  // namespace farm::builders::staging
