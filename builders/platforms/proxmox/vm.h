// Vm: what the steps of one build know about the machine they make.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "builders/platforms/proxmox/machine.h"
#include "builders/platforms/proxmox/parameters.h"

namespace farm::builders::platform_proxmox {

/// Kinds of this platform in the resource ledger.
inline constexpr const char* kMachineKind = "proxmox-vm";    // name: NODE/ID MARK, id: UUID
inline constexpr const char* kVolumeKind = "proxmox-volume";  // name: NODE/STORAGE:iso/NAME

struct Vm {
  std::string node;
  /// Our tag on the machine, the same after a restart of everything: farm-<lease>.
  std::string mark;
  std::string uuid;  // of the machine, once it is there
  Placement placement;
  /// Slots of the clone's source that hold disks.
  std::vector<std::string> source_disks;
  std::string source_node;
  int64_t source_id = 0;
  std::string http_ip;
  int64_t server_major = 0;
  bool finished = false;  // the machine is the artifact: cleanup leaves it

  Machine machine(Client& client) const { return {client, node, placement.id}; }
};

/// The mark of this build: from the lease, or from its run where there is none.
std::string mark_of(const BuildContext& context);

/// What a machine is written into the ledger as, and back.
std::string ledger_name(const std::string& node, int64_t id, const std::string& mark);
struct LedgerName {
  std::string node;
  int64_t id = 0;
  std::string mark;
};
std::optional<LedgerName> parse_ledger_name(const std::string& name);

}  // namespace farm::builders::platform_proxmox
