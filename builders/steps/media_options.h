// MediaOptions: files handed to the guest on a floppy or a CD (floppy_files, cd_content, ...).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "builders/core/component.h"

namespace farm::builders {
class ConfigReader;
}

namespace farm::builders::steps {

struct FloppyOptions {
  std::vector<std::string> files;  // globs; everything goes flat into the root
  std::vector<std::string> directories;  // keep their structure
  std::map<std::string, std::string> content;
  std::string label = "packer";
  bool wanted() const { return !files.empty() || !directories.empty() || !content.empty(); }
};

struct CdOptions {
  std::vector<std::string> files;  // globs
  std::map<std::string, std::string> content;
  std::string label = "packer";
  bool wanted() const { return !files.empty() || !content.empty(); }
};

FloppyOptions read_floppy_options(const ConfigReader& reader, const PrepareContext& context);
CdOptions read_cd_options(const ConfigReader& reader, const PrepareContext& context);

/// Paths that match a shell pattern (`*` also matches leading dots, as in Go), sorted. A pattern
/// without wildcard matches itself if it exists.
std::vector<std::string> glob_paths(const std::string& pattern);

}  // namespace farm::builders::steps
