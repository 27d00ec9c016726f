// Entry: one line of the audit log: who did what to what, how it ended, and a digest that chains it
// to the line before (I10). The coordinator writes entries, farmctl reads and verifies them, so both
// share this form. A chain proves order and content, not completeness at its end: keep a digest that
// was printed elsewhere to prove that too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm::audit {

/// `previous` of the first entry.
inline constexpr std::string_view kGenesis =
    "0000000000000000000000000000000000000000000000000000000000000000";

struct Entry {
  uint64_t sequence = 0;  // from 1, without a gap
  WallTime time;
  std::string actor;    // name of the user; "-" for one who is not known
  std::string role;
  std::string action;   // "submit", "cancel", "revoke", ...
  std::string subject;  // build, job, agent, token
  std::string outcome;  // "done", "denied", "failed"
  std::string detail;   // message of the error, if any
  std::string previous = std::string(kGenesis);  // digest of the entry before
  std::string digest;                            // of all of the above, hex SHA-256
};

/// What `entry.digest` must be. Every field takes part with its length, so that no two entries run
/// together to the same bytes.
std::string digest_of(const Entry& entry);

/// One JSON object on one line.
std::string encode(const Entry& entry);
/// Corrupt: no such object. The digest is read, not checked.
Result<Entry> decode(std::string_view text);

/// Takes the entries of a log in order, from the first on.
class Verifier {
 public:
  /// Corrupt names the first entry that is missing, changed or out of order.
  Result<void> feed(const Entry& entry);
  uint64_t entries() const { return entries_; }
  /// Digest of the last entry; kGenesis while there is none.
  const std::string& head() const { return head_; }

 private:
  uint64_t entries_ = 0;
  std::string head_ = std::string(kGenesis);
};

}  // namespace farm::audit
