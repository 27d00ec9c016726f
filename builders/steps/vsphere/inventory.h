// Inventory: finds what templates name (folders, hosts, pools, datastores, networks, machines) by
// path or bare name below one datacenter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "builders/steps/vsphere/properties.h"

namespace farm::builders::vsphere {

struct Datastore {
  Reference ref;
  std::string name;
  bool empty() const { return ref.empty(); }
};

struct Network {
  Reference ref;
  std::string name;
};

class Inventory {
 public:
  /// `datacenter` empty: the only one there is; several are an error that lists them.
  static Result<Inventory> open(Session& session, const std::string& datacenter,
                                const CancelToken& cancel);

  const Reference& datacenter() const { return datacenter_; }
  const std::string& datacenter_path() const { return path_; }
  /// Bare names and paths below the datacenter's own folder ("vm", "host", ...), or absolute ones.
  /// Empty: nothing there.
  Result<std::optional<Reference>> find(const std::string& kind_folder, const std::string& path,
                                        const CancelToken& cancel) const;

  Result<std::optional<Reference>> machine(const std::string& path,
                                           const CancelToken& cancel) const;
  /// Below "vm"; missing levels are made when `create`.
  Result<Reference> folder(const std::string& path, bool create, const CancelToken& cancel) const;
  Result<Reference> compute_resource(const std::string& name, const CancelToken& cancel) const;
  Result<Reference> host(const std::string& name, const CancelToken& cancel) const;
  /// The pool named, else a vApp of that name, else the root pool of the cluster or host.
  Result<Reference> pool(const std::string& cluster, const std::string& host,
                         const std::string& name, const CancelToken& cancel) const;
  Result<Datastore> datastore(const std::string& name, const CancelToken& cancel) const;
  /// The only datastore of a host.
  Result<Datastore> datastore_of_host(const std::string& host, const CancelToken& cancel) const;
  Result<Reference> datastore_cluster(const std::string& name, const CancelToken& cancel) const;
  Result<std::vector<Datastore>> cluster_members(const Reference& pod,
                                                 const CancelToken& cancel) const;
  /// By name, path or id; of several the one that `host` is connected to.
  Result<Network> network(const std::string& name, const std::string& host,
                          const CancelToken& cancel) const;
  /// The only network of a host.
  Result<Network> network_of_host(const std::string& host, const CancelToken& cancel) const;
  /// Inventory path of an object, for messages.
  Result<std::string> path_of(const Reference& object, const CancelToken& cancel) const;

 private:
  explicit Inventory(Session& session) : session_(&session) {}
  Result<std::optional<Reference>> by_path(const std::string& path,
                                           const CancelToken& cancel) const;
  Result<Reference> the_one(const std::string& what, const std::string& kind_folder,
                            const std::string& type, const std::string& name,
                            const CancelToken& cancel) const;
  Result<Reference> root_pool(const Reference& compute, const CancelToken& cancel) const;
  Result<Datastore> named(const Reference& datastore, const CancelToken& cancel) const;

  Session* session_;
  Reference datacenter_;
  std::string path_;
};

/// Inventory path of any object of the server.
Result<std::string> object_path(Session& session, const Reference& object,
                                const CancelToken& cancel);

}  // namespace farm::builders::vsphere
