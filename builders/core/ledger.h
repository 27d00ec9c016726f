// ResourceLedger: everything a build creates outside its own process (qemu process, disk, key pair,
// temp file, VM, container) is written down before it is created, so that it is removed even after
// kill -9 of everything.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace farm::builders {

/// Kinds the agent itself can remove; platforms add theirs ("proxmox-vm") and register a Reaper for
/// each (builders/core/reaper.h).
namespace resource_kind {
inline constexpr const char* kPath = "path";        // file or directory tree; name = absolute path
inline constexpr const char* kProcess = "process";  // bound id = "pid starttime bootid"
}  // namespace resource_kind

class ResourceLedger {
 public:
  virtual ~ResourceLedger() = default;
  /// Durable when it returns. `name` is the deterministic name or tag to find the resource by.
  virtual Result<uint64_t> intend(const std::string& kind, const std::string& name) = 0;
  /// The id the provider gave (process: identity of the pid).
  virtual Result<void> bound(uint64_t intent, const std::string& id) = 0;
  /// After a verified removal.
  virtual Result<void> gone(uint64_t intent) = 0;
  /// It has become the artifact: it stays if the job succeeds, and is swept like the rest if not,
  /// even when its runner is killed a moment later.
  virtual Result<void> keep(uint64_t intent) { return gone(intent); }
};

}  // namespace farm::builders
