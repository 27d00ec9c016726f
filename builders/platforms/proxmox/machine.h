// Machine: the calls about one virtual machine, shared by steps and reaper: find, read, change its
// power, delete it for certain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "builders/platforms/proxmox/client.h"

namespace farm::builders::platform_proxmox {

/// One line of the cluster's list of machines.
struct ListedMachine {
  std::string node;
  int64_t id = 0;
  std::string name;
  bool is_template = false;
  bool managed = false;  // by high availability
  std::string status;
  std::vector<std::string> tags;
};

class Machine {
 public:
  Machine(Client& client, std::string node, int64_t id)
      : client_(&client), node_(std::move(node)), id_(id) {}

  const std::string& node() const { return node_; }
  int64_t id() const { return id_; }
  /// "/nodes/NODE/qemu/ID" + `below`.
  std::string path(const std::string& below = {}) const;

  Result<Json> config(const CancelToken& cancel) const;
  /// Changes settings by the call that answers with a task, and waits.
  Result<void> configure(const Parameters& changes, const CancelToken& cancel) const;
  Result<void> start(const CancelToken& cancel) const;
  Result<void> stop(const CancelToken& cancel) const;
  Result<void> shut_down(const CancelToken& cancel) const;
  /// Stops it if it runs, takes it out of high availability, deletes it and sees that it is gone.
  /// Ok when it is not there.
  Result<void> remove(const CancelToken& cancel) const;

 private:
  Result<void> change_power(const char* action, const CancelToken& cancel) const;
  Result<void> wait_unlocked(const CancelToken& cancel) const;
  Client* client_;
  std::string node_;
  int64_t id_;
};

Result<std::vector<ListedMachine>> list_machines(Client& client, const CancelToken& cancel);
/// Those of `all` called `name`.
std::vector<ListedMachine> machines_named(const std::vector<ListedMachine>& all,
                                          const std::string& name);
std::optional<ListedMachine> machine_with_id(const std::vector<ListedMachine>& all, int64_t id);

/// How a machine is known to be ours: the mark is in its tags or description until the last step,
/// the UUID stays.
struct Identity {
  std::string mark;
  std::string uuid;  // empty: not known yet
};
/// The UUID the server gave the machine (SMBIOS).
std::string uuid_of(const Json& config);

/// Removes the machine `id` if it is ours. One that is being created is waited for. Ok when there is
/// none, or none of ours.
Result<void> remove_if_ours(Client& client, const std::string& node, int64_t id,
                            const Identity& ours, const CancelToken& cancel);

}  // namespace farm::builders::platform_proxmox
