// LeaseDirectory: the files of one lease, the contract between supervisor and runner. What counts
// is on disk here, so a supervisor that was restarted finds out everything about a runner that was
// not.
//
// <root>/<job>-<epoch>/: offer (wire frame; sealed on an agent of a farm), identity (of the runner process), log (wire log
// records), events (one line per phase), ledger (agent/ledger), result (wire frame, written last),
// kept (the machine was left standing on purpose: nothing is swept), tmp/ (the build's own),
// reaping (the next runner is a reaper), orphaned (over and recorded; only what the ledger lists
// still ties the directory here).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/wire/message.h"

namespace farm::agent {

/// Whether files must survive a crash of the machine. A farm agent acknowledges leases, so its
/// files must; `farmctl build` dies with the machine anyway and saves the disk flushes.
enum class Durability { Synced, Volatile };

/// "<job>-<incarnation>.<counter>".
std::string lease_name(const wire::JobRef& ref);
std::optional<wire::JobRef> lease_from_name(std::string_view name);

class LeaseDirectory {
 public:
  explicit LeaseDirectory(std::string path) : path_(std::move(path)) {}
  /// Creates the directory (mode 0700) and writes the offer; Synced: sealed, since it holds the
  /// secrets of a template, by the key in `root`.key, which is made when there is none. Conflict:
  /// there is one already.
  static Result<LeaseDirectory> create(const std::string& root, const wire::Offer& offer,
                                       Durability durability);

  const std::string& path() const { return path_; }
  std::string name() const;
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
  std::string log() const { return file("log"); }
  std::string events() const { return file("events"); }
  std::string ledger() const { return file("ledger"); }
  std::string temp() const { return file("tmp"); }
  std::string work() const { return file("work"); }

  /// Denied, Corrupt: the key of a sealed offer is not right.
  Result<wire::Offer> offer() const;
  Result<void> write_result(const wire::JobResult& result, Durability durability) const;
  /// NotFound while the runner has not ended well.
  Result<wire::JobResult> result() const;
  Result<void> write_identity(const std::string& identity) const;
  /// Empty when the runner was never started.
  std::string identity() const;
  /// The machine stays: -on-error=abort. Not undone.
  Result<void> mark_kept() const;
  bool kept() const;
  /// Wall time of mark_kept(); empty when not kept.
  std::optional<WallTime> kept_since() const;
  /// The runner that is started next removes outside resources instead of building.
  Result<void> mark_reaping() const;
  bool reaping() const;
  /// Nobody asks for the lease any more, but not all of its resources are gone.
  Result<void> mark_orphaned() const;
  bool orphaned() const;
  uint64_t log_bytes() const;
  Result<void> remove() const;

 private:
  std::string path_;
};

/// One line of the events file.
std::string event_line(const wire::PhaseChange& change);
/// Calls `each` for every whole line; returns the bytes consumed. Corrupt: no such phase.
Result<size_t> read_event_lines(std::string_view bytes,
                                const std::function<void(wire::Phase, std::string_view)>& each);

}  // namespace farm::agent
