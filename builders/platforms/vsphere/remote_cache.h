// RemoteCache: where installation images are kept on datastores between builds.
#pragma once

#include <string>

namespace farm::builders::vsphere {

struct RemoteCache {
  std::string datastore;  // empty: that of the machine
  std::string path = "packer_cache";
  bool overwrite = false;
  bool cleanup = false;
  bool local_overwrite = false;
};

}  // namespace farm::builders::vsphere
