// Survey of a vCenter or ESXi host: the load of its hosts, and machines that bear the mark of a build.
#pragma once

#include "builders/core/survey.h"

namespace farm::builders::vsphere {

Surveyor vsphere_surveyor();

}  // namespace farm::builders::vsphere
