// Backup and restore of a coordinator's data: consistent copies while it runs (hard links where the
// file system can), and their way back into an empty directory under a later incarnation.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm::coordinator {

class RocksStore;
class RocksChunkStore;

/// Copies both databases and the keys of `data` to `data`/backups/`name`; that path. The ledger goes
/// first: the bytes copied after it hold every chunk it refers to. Conflict: the name is taken.
/// Whoever can read the copy can read the farm's keys: it is mode 0700.
Result<std::string> make_backup(const std::string& data, const std::string& name,
                                RocksStore& store, RocksChunkStore& chunks);

/// Copies `backup` to `data`, which must be empty or missing, and begins a later incarnation there.
/// InvalidInput: `backup` is none; Conflict: `data` is in use.
Result<void> restore_backup(const std::string& backup, const std::string& data, WallTime now);

}  // namespace farm::coordinator
