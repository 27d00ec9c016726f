// FileLedger: the resource ledger of one lease as an append-only file. Every line is on disk before
// the call returns, so whatever a killed build left behind can be found and removed by sweep().
//
// Line: `I <n> <kind> <name>` (intent), `B <n> <id>` (bound), `G <n>` (gone), `K <n>` (kept, if the
// job succeeds); names and ids are percent-encoded. A last line without a newline was torn by a crash and is ignored. The file is
// created with the first intent: most small builds own nothing and pay nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "builders/core/ledger.h"
#include "common/io/fd.h"

namespace farm::agent {

/// A resource that was intended and is not known to be gone.
struct OpenResource {
  uint64_t intent = 0;
  std::string kind;
  std::string name;
  std::string id;  // empty: the create call may or may not have happened
  bool kept = false;  // it is the artifact of the job
};

class FileLedger final : public builders::ResourceLedger {
 public:
  /// Continues the file at `path` if there is one. Corrupt: a line that is none of ours.
  static Result<FileLedger> open(std::string path);

  Result<uint64_t> intend(const std::string& kind, const std::string& name) override;
  Result<void> bound(uint64_t intent, const std::string& id) override;
  Result<void> gone(uint64_t intent) override;
  Result<void> keep(uint64_t intent) override;

  const std::vector<OpenResource>& open_resources() const { return open_; }

 private:
  explicit FileLedger(std::string path) : path_(std::move(path)) {}
  Result<void> append(const std::string& line);
  OpenResource* find(uint64_t intent);

  std::string path_;
  io::Fd file_;
  uint64_t next_ = 1;
  std::vector<OpenResource> open_;
};

/// One line of a ledger file, for followers of a running build.
struct LedgerEvent {
  enum class Kind { Intent, Bound, Gone, Kept };
  Kind kind = Kind::Intent;
  OpenResource resource;  // fields that the line carries
};
/// Parses whole lines of `bytes` and calls `each`; returns the bytes consumed. Corrupt: see open().
Result<size_t> read_ledger_lines(std::string_view bytes,
                                 const std::function<void(const LedgerEvent&)>& each);

}  // namespace farm::agent
