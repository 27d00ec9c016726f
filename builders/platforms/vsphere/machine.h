// Machine: what the steps of one vSphere build find out and share: the session, where the machine
// goes, the machine itself and its media.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builders/core/build_context.h"
#include "builders/steps/vsphere/datastore_files.h"
#include "builders/steps/vsphere/destroy.h"
#include "builders/steps/vsphere/devices.h"
#include "builders/steps/vsphere/inventory.h"

namespace farm::builders::vsphere {

/// Kinds of the resource ledger. Names: "<datacenter path>/vm/<path>#<tag>" and
/// "<datacenter path>#[datastore] path".
namespace resource {
inline constexpr const char* kMachine = "vsphere-vm";
inline constexpr const char* kFile = "vsphere-file";
}  // namespace resource

/// The extraConfig key that says whose build a machine is while it is built.
inline constexpr const char* kTagKey = "farm.build";

struct Machine {
  std::unique_ptr<Session> session;
  std::optional<Inventory> inventory;
  Reference folder;
  Reference pool;
  Reference host;  // empty: the cluster chooses
  Datastore datastore;
  std::vector<Datastore> disk_stores;  // one per disk when they are spread over a cluster

  std::string path;  // below the datacenter's vm folder
  std::string tag;
  Reference ref;
  std::string source;  // of a clone, for the artifact

  std::string iso;    // local path; empty: none was needed
  std::string cd;     // local path
  std::string floppy;  // local path
  std::string remote_iso;  // path on the remote datastore
  std::vector<std::string> cd_images;  // "[datastore] path", in the order of the drives
  std::string cd_image;  // "[datastore] path" of the CD made of cd_files
  std::vector<std::string> exported;   // absolute paths
  std::map<std::string, std::string> metadata;  // of the artifact
  bool complete = false;   // every step succeeded: it is the artifact
  bool destroyed = false;  // nothing is left of it
  bool destroy = false;    // wanted although the build succeeded

  const ServiceContent& content() const { return session->content(); }
};

/// ReconfigVM_Task with the members of its spec.
Result<void> reconfigure(Machine& machine, const Members& spec, const CancelToken& cancel);
/// "poweredOn", "poweredOff" or "suspended".
Result<std::string> power_state(Machine& machine, const CancelToken& cancel);
/// The machine at the inventory path if it bears `tag`. For when the answer to its creation was lost:
/// machines that are being made are waited for, and it is looked for twice, because the request may
/// still be on its way.
Result<std::optional<Reference>> find_marked(Session& session, const std::string& path,
                                             const std::string& tag, const CancelToken& cancel);
/// Value of an extraConfig key; empty when there is none.
Result<std::string> extra_config(Session& session, const Reference& ref, const std::string& key,
                                 const CancelToken& cancel);

}  // namespace farm::builders::vsphere
