#include "coordinator/access/audit_log.h"

#include <fmt/format.h>

namespace farm::coordinator {

Result<AuditLog> AuditLog::resume(std::string_view head) {
  AuditLog log;
  if (head.empty()) return log;
  const audit::Entry last = TRY(audit::decode(head));
  log.entries_ = last.sequence;
  log.head_ = last.digest;
  return log;
}

std::string AuditLog::entry_key(uint64_t sequence) { return fmt::format("entry/{:016x}", sequence); }

std::vector<AccessRecord> AuditLog::append(audit::Entry entry) {
  entry.sequence = ++entries_;
  entry.previous = head_;
  // What is digested must be what is read back: text that is not UTF-8 is stored repaired.
  if (Result<audit::Entry> stored = audit::decode(audit::encode(entry))) entry = *std::move(stored);
  entry.digest = audit::digest_of(entry);
  head_ = entry.digest;
  std::string text = audit::encode(entry);
  return {{entry_key(entry.sequence), text}, {"head", std::move(text)}};
}

}  // namespace farm::coordinator
