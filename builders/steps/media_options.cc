#include "builders/steps/media_options.h"

#include <fmt/format.h>
#include <glob.h>

#include "builders/core/config.h"
#include "builders/steps/iso_options.h"
#include "common/io/files.h"

namespace farm::builders::steps {
namespace {

void check_paths(const std::vector<std::string>& patterns, const char* kind,
                 const PrepareContext& context, Findings& findings) {
  for (const std::string& pattern : patterns) {
    if (is_placeholder(pattern)) continue;
    // A pattern that matches nothing yet may match once other tools have run.
    if (pattern.find_first_of("*?[") != std::string::npos) continue;
    if (!io::exists(io::join_path(context.working_directory, pattern))) {
      findings.errors.push_back(
          fmt::format("Bad {} disk file '{}': no such file or directory", kind, pattern));
    }
  }
}

}  // namespace

std::vector<std::string> glob_paths(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_PERIOD, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) {
      const std::string path = found.gl_pathv[i];
      const std::string name = io::base_name(path);
      const bool dots = name == "." || name == "..";
      if (!dots || pattern.ends_with(name)) paths.push_back(path);
    }
  }
  ::globfree(&found);
  return paths;
}

FloppyOptions read_floppy_options(const ConfigReader& reader, const PrepareContext& context) {
  FloppyOptions options;
  options.files = reader.strings("floppy_files");
  options.directories = reader.strings("floppy_dirs");
  options.content = reader.string_map("floppy_content");
  options.label = reader.string("floppy_label", "packer");
  if (options.label.empty()) options.label = "packer";
  check_paths(options.files, "Floppy", context, reader.findings());
  check_paths(options.directories, "Floppy", context, reader.findings());
  return options;
}

CdOptions read_cd_options(const ConfigReader& reader, const PrepareContext& context) {
  CdOptions options;
  options.files = reader.strings("cd_files");
  options.content = reader.string_map("cd_content");
  options.label = reader.string("cd_label", "packer");
  if (options.label.empty()) options.label = "packer";
  check_paths(options.files, "CD", context, reader.findings());
  return options;
}

}  // namespace farm::builders::steps
