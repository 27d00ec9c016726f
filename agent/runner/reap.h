// reap_lease(): what a runner does for a lease whose build is over but whose ledger still lists
// resources of a provider: the platforms' reapers remove them, with the configuration of the job.
#pragma once

#include "agent/spool/control_channel.h"
#include "agent/spool/lease_directory.h"
#include "builders/core/registry.h"
#include "common/plan/schema.h"

namespace farm::agent {

/// Newest resource first; each that is gone leaves the ledger. What was done goes to the lease's
/// log. Exit code of the process: 0 when nothing is left.
int reap_lease(const LeaseDirectory& lease, ControlChannel control,
               const builders::Registry& registry, const plan::ComponentCatalog& catalog);

}  // namespace farm::agent
