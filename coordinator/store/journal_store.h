// JournalStore: a run's records as an append-only file of batches: cheap to start, no database, one
// writer. The file is created with the first batch. Reading back is replay_journal(): after a crash
// by the next start, and to merge the run into the local store.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "coordinator/store/memory_store.h"
#include "coordinator/store/store.h"

namespace farm::io {
class Fd;
}

namespace farm::coordinator {

class JournalStore final : public Store {
 public:
  /// When a batch counts as durable. Process: written to the kernel, survives the process, not the
  /// machine. Disk: synced.
  enum class Sync : uint8_t { Process, Disk };

  /// Conflict: the file exists already (a journal belongs to one run). Nothing is created yet.
  static Result<std::unique_ptr<JournalStore>> open(std::string path);
  ~JournalStore() override;

  /// Sync::Process unless the batch holds resource records: what was announced to be created
  /// outside must not be forgotten by a power cut.
  Result<void> apply(const Batch& batch) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<void> scan(std::string_view prefix, const RecordVisitor& visit) override;
  Result<uint64_t> log_length(const wire::JobRef& ref) override;
  Result<std::string> read_log(const wire::JobRef& ref, uint64_t offset,
                               size_t max_bytes) override;
  /// Syncs and closes; further batches are Conflict.
  Result<void> close();

 private:
  explicit JournalStore(std::string path);
  Result<void> append(const std::string& frame, Sync sync);

  std::string path_;
  std::unique_ptr<io::Fd> file_;
  uint64_t length_ = 0;
  bool closed_ = false;
  MemoryStore records_;  // what was written, for reads in this run
};

/// Calls `each` for every whole batch. A torn or damaged tail ends the journal silently: those
/// batches were never answered. Corrupt: the file does not begin like a journal.
Result<void> replay_journal(const std::string& path,
                            const std::function<Result<void>(Batch)>& each);

}  // namespace farm::coordinator
