#include "common/template/source/discovery.h"

#include <algorithm>

namespace farm::templates {
namespace {

std::string directory_of(const std::string& path) {
  std::string slashed = path;
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  const size_t slash = slashed.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : slashed.substr(0, slash);
}

void add_directory(FileTree& tree, const std::string& path, TemplateFiles& files,
                   Diagnostics& diagnostics) {
  const Result<std::vector<std::string>> names = tree.list(path);
  if (!names) {
    diagnostics.error("Failed to read directory", names.error().message);
    return;
  }
  std::vector<std::string> json_var_files;
  for (const std::string& name : *names) {
    std::string full = join_path(path, name);
    // "validate ." names files in its messages as the reference does: x.pkr.hcl, not ./x.pkr.hcl.
    if (full.starts_with("./") && tree.kind(full.substr(2)) == FileTree::Kind::File) {
      full.erase(0, 2);
    }
    if (name.ends_with(".pkr.hcl")) files.native_files.push_back(full);
    if (name.ends_with(".pkr.json")) files.json_files.push_back(full);
    if (name.ends_with(".auto.pkrvars.hcl")) files.auto_var_files.push_back(full);
    if (name.ends_with(".auto.pkrvars.json")) json_var_files.push_back(full);
  }
  files.auto_var_files.insert(files.auto_var_files.end(), json_var_files.begin(),
                              json_var_files.end());
}

}  // namespace

std::optional<TemplateFiles> discover(FileTree& tree, const std::string& path,
                                      const std::string& config_type, Diagnostics& diagnostics) {
  TemplateFiles files;
  const FileTree::Kind kind = path == "-" ? FileTree::Kind::File : tree.kind(path);
  const bool hcl_name = path.ends_with(".pkr.hcl") || path.ends_with(".pkr.json");
  const bool hcl = config_type == "hcl2" ||
                   (config_type.empty() && (hcl_name || kind == FileTree::Kind::Directory));
  if (kind == FileTree::Kind::Missing) {
    diagnostics.error("Could not find any config file in " + path,
                      "\"" + path + "\" does not exist: name a template file (.pkr.hcl, .pkr.json, "
                      ".json) or a directory with .pkr.hcl files.");
    return std::nullopt;
  }
  if (!hcl) {
    if (kind == FileTree::Kind::Directory) {
      diagnostics.error("Could not find any config file in " + path,
                        "A legacy JSON template is one file, not a directory.");
      return std::nullopt;
    }
    files.syntax = Syntax::LegacyJson;
    files.root = path == "-" ? "" : directory_of(path);
    files.json_files.push_back(path);
    return files;
  }
  files.syntax = Syntax::Hcl2;
  if (kind == FileTree::Kind::Directory) {
    files.root = path;  // as typed, a trailing slash included: templates print it
    std::replace(files.root.begin(), files.root.end(), '\\', '/');
    add_directory(tree, path, files, diagnostics);
  } else {
    files.root = directory_of(path);
    (path.ends_with(".json") ? files.json_files : files.native_files).push_back(path);
  }
  if (diagnostics.has_errors()) return std::nullopt;
  if (files.native_files.empty() && files.json_files.empty()) {
    diagnostics.error("Could not find any config file in " + path,
                      "A config file must be suffixed with `.pkr.hcl` or `.pkr.json`. A folder can "
                      "be referenced as well.");
    return std::nullopt;
  }
  return files;
}

}  // namespace farm::templates
