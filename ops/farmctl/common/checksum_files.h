// ChecksumFiles: the checksum files (`iso_checksum = "file:..."`) that a plan's builders name. Reading
// them may need the network: `validate --online` does, validate alone says that it did not.
#pragma once

#include <string>
#include <vector>

#include "common/plan/plan.h"

namespace farm::farmctl {

struct ChecksumFile {
  std::string build;     // first one that names it
  std::string checksum;  // "file:..."
  std::string url;       // of what has the checksum
  SourceRange declared;
};

/// Each pair of checksum file and URL once, in the plan's order.
std::vector<ChecksumFile> checksum_files(const plan::Plan& plan, Random& random);

}  // namespace farm::farmctl
