// Checks of files and folders of the user's machine that a provisioner will upload: made while
// preparing, so that a wrong path is found before a machine exists.
#pragma once

#include <string>

#include "builders/core/config.h"

namespace farm::builders::staging {

/// Finding "OPTION: PATH is invalid: ..." unless `path` is there and a file. An empty path, or one
/// that is not known yet, is no finding.
void require_file(const PrepareContext& context, const std::string& option,
                  const std::string& path, Findings& findings);
/// The same for a folder: "OPTION: PATH must point to a directory".
void require_directory(const PrepareContext& context, const std::string& option,
                       const std::string& path, Findings& findings);
/// A file or a folder.
void require_path(const PrepareContext& context, const std::string& option,
                  const std::string& path, Findings& findings);

}  // namespace farm::builders::staging
