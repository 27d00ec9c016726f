// Removal of a machine from a server, as builders, reapers and post-processors need it.
#pragma once

#include "builders/steps/vsphere/properties.h"

namespace farm::builders::vsphere {

/// Powers off if need be, makes a machine of a template again, and removes it with its files. Gone
/// already is success.
Result<void> destroy_machine(Session& session, const Reference& ref, const CancelToken& cancel);

}  // namespace farm::builders::vsphere
