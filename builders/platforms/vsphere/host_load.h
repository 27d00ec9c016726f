// HostLoad: how loaded the hosts of a server are, by their own quick statistics; for surveys and for
// the choice of a host in a cluster that does not choose itself.
#pragma once

#include <vector>

#include "builders/steps/vsphere/inventory.h"
#include "common/wire/message.h"

namespace farm::builders::vsphere {

struct HostLoad {
  Reference host;
  Reference cluster;  // ClusterComputeResource or ComputeResource
  wire::NodeLoad node;
};

/// Every host below `container`, by name.
Result<std::vector<HostLoad>> read_host_loads(Session& session, const Reference& container,
                                              const CancelToken& cancel);

}  // namespace farm::builders::vsphere
