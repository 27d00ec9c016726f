// AuditLog: the growing end of the audit chain: numbers and chains entries as they are written. The
// caller puts the records into the batch of the decision, so that nothing is done without its line.
// Owner thread: reactor.
#pragma once

#include <string>
#include <vector>

#include "common/audit/entry.h"
#include "coordinator/access/access.h"

namespace farm::coordinator {

/// The part of the store that holds the lines.
inline constexpr const char* kAuditPart = "audit";

class AuditLog {
 public:
  /// Of a chain that ends as `head` says (the value of the "head" record); empty: a new chain.
  /// Corrupt: the value cannot be read.
  static Result<AuditLog> resume(std::string_view head);

  /// Completes `entry` (sequence, previous, digest). The records: the entry under its key, and the
  /// new head under "head".
  std::vector<AccessRecord> append(audit::Entry entry);

  uint64_t entries() const { return entries_; }
  const std::string& head() const { return head_; }
  /// Sorts as the sequence does.
  static std::string entry_key(uint64_t sequence);

 private:
  uint64_t entries_ = 0;
  std::string head_ = std::string(audit::kGenesis);
};

}  // namespace farm::coordinator
