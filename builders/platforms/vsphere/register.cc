// Entries of the vSphere builders in the registry of components.
#include "builders/core/registry.h"
#include "builders/platforms/vsphere/builder.h"
#include "builders/platforms/vsphere/reap.h"
#include "builders/platforms/vsphere/survey.h"

namespace farm::builders::platform_vsphere {

void register_component(Registry& registry) {
  registry.add_builder("vsphere-iso", [] { return std::make_unique<vsphere::VsphereIsoBuilder>(); });
  registry.add_builder("vsphere-clone",
                       [] { return std::make_unique<vsphere::VsphereCloneBuilder>(); });
  vsphere::register_reapers(registry);
  registry.add_surveyor(vsphere::vsphere_surveyor());
}

}  // namespace farm::builders::platform_vsphere
