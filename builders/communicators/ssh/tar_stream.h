// A tree as a tar stream: written to, or read from, the command at the other end of a channel.
#pragma once

#include <string>
#include <vector>

#include "builders/communicators/ssh/channel.h"
#include "builders/communicators/ssh/directory_transfer.h"

namespace farm::builders::ssh {

/// Writes `tree` as a GNU tar archive (which BusyBox reads too); entries below "./".
Result<void> write_tar(const std::vector<TreeEntry>& tree, Channel& channel, const Wait& wait);

/// Unpacks an archive below `target`, which exists. Names that would lead outside are refused.
Result<void> read_tar(Channel& channel, const std::string& target,
                      const std::vector<std::string>& exclude, const Wait& wait);

}  // namespace farm::builders::ssh
