// Merging the journals of `farmctl build` runs into the local store, so that status, artifacts and
// manifest know them. Short: one batch per journal.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "coordinator/store/store.h"

namespace farm::coordinator {

/// Whether the run that writes the journal is still alive (it holds a lock on the file).
Result<bool> journal_is_live(const std::string& journal);

/// All of the journal in one batch. Jobs that had not ended are recorded as failed: their run was
/// killed. Idempotent: merging again writes the same records. Conflict: the run is still alive.
Result<void> merge_journal(const std::string& journal, Store& store, WallTime now);

/// Merges and removes every "*.journal" of `directory` whose run has ended; returns how many. A
/// journal that is damaged from its first byte is left alone and named in `problems`.
Result<size_t> merge_journals(const std::string& directory, Store& store, WallTime now,
                              std::vector<std::string>& problems);

}  // namespace farm::coordinator
