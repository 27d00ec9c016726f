// A tree as a zip file and back: the form in which folders travel to and from Windows.
#pragma once

#include <string>
#include <vector>

#include "builders/communicators/ssh/directory_transfer.h"
#include "common/base/cancel.h"

namespace farm::builders::winrm {

/// Writes `tree` (without its root) to the new file `path`; names in UTF-8.
Result<void> write_zip(const std::vector<ssh::TreeEntry>& tree, const std::string& path,
                       const CancelToken& cancel);
/// Unpacks below `target`, which exists. Names that would lead outside are Corrupt.
Result<void> read_zip(const std::string& path, const std::string& target,
                      const std::vector<std::string>& exclude, const CancelToken& cancel);

}  // namespace farm::builders::winrm
