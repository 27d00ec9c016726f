// Options of the `hcp-sbom` provisioner (alias `sbom`). Pure: links into farmctl for validation.
#pragma once

#include <string>

#include "builders/core/config.h"

namespace farm::builders::provisioner_hcp_sbom {

enum class Format { CycloneDx, Spdx };

struct Config {
  std::string source;       // in the machine
  std::string destination;  // here; empty: a name of our own
  std::string sbom_name;
  bool auto_generate = false;
  Format format = Format::CycloneDx;
  std::string scan_path = "/";
  std::string arguments;  // scanner_args as given, for execute_command
  std::string execute_command;
};

Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::provisioner_hcp_sbom
