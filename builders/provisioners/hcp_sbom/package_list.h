// PackageList: what a Linux machine says is installed, by its own package manager.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace farm::builders::provisioner_hcp_sbom {

struct Package {
  std::string name;
  std::string version;
  std::string architecture;
  std::string license;  // as the package manager has it; often empty
  /// Package URL (purl): "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12".
  std::string url;
};

struct PackageList {
  std::string system;   // ID of os-release: "debian"
  std::string version;  // VERSION_ID
  std::string title;    // PRETTY_NAME
  std::vector<Package> packages;  // in byte order of their names
};

/// The script that a machine runs: `SCRIPT sbom-generate [words...] ROOT` prints the list. It needs
/// a POSIX shell and one of dpkg-query, rpm and apk; the exit code is 3 without any.
std::string_view listing_script();

/// Reads what it printed. Corrupt: not that.
Result<PackageList> parse_package_list(std::string_view text);

}  // namespace farm::builders::provisioner_hcp_sbom
