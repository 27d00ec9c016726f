// Discovery: which files make up the template that a path names, and in which syntax. First step of
// loading; nothing is parsed here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/diagnostic.h"
#include "common/template/source/file_tree.h"
#include "common/template/template.h"

namespace farm::templates {

struct TemplateFiles {
  Syntax syntax = Syntax::Hcl2;
  std::string root;                       // path.root: directory as typed, '/' separated
  std::vector<std::string> native_files;  // *.pkr.hcl
  std::vector<std::string> json_files;    // *.pkr.json, or the one legacy template
  std::vector<std::string> auto_var_files;  // *.auto.pkrvars.hcl, then *.auto.pkrvars.json
};

/// `config_type`: "" (by the name), "hcl2" or "json". Reports a missing path, a directory without
/// template files and unreadable directories.
std::optional<TemplateFiles> discover(FileTree& tree, const std::string& path,
                                      const std::string& config_type, Diagnostics& diagnostics);

}  // namespace farm::templates
