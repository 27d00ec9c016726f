// SBOM documents: a package list as CycloneDX 1.5 or SPDX 2.3 JSON, and telling the two apart.
#pragma once

#include <string>
#include <string_view>

#include "builders/provisioners/hcp_sbom/config.h"
#include "builders/provisioners/hcp_sbom/package_list.h"
#include "common/base/clock.h"

namespace farm::builders::provisioner_hcp_sbom {

struct DocumentFacts {
  std::string name;    // what the list is of
  std::string serial;  // a UUID
  WallTime created;
};

std::string sbom_document(Format format, const PackageList& list, const DocumentFacts& facts);

struct SbomSummary {
  Format format = Format::CycloneDx;
  size_t packages = 0;
};
/// InvalidInput says why `text` is neither CycloneDX nor SPDX JSON.
Result<SbomSummary> recognise_sbom(std::string_view text);

/// "CycloneDX", "SPDX".
const char* format_name(Format format);

}  // namespace farm::builders::provisioner_hcp_sbom
