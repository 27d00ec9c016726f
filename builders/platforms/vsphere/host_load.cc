#include "builders/platforms/vsphere/host_load.h"

#include <algorithm>
#include <map>

namespace farm::builders::vsphere {
namespace {

constexpr uint64_t kMebibyte = 1024 * 1024;

struct Cluster {
  std::string name;
  bool chooses = false;  // DRS places what is switched on
};

uint64_t count_of(const XmlNode& node, const char* name) {
  return static_cast<uint64_t>(std::max<int64_t>(0, node.number(name)));
}

wire::NodeLoad load_of(const ObjectProperties& host) {
  wire::NodeLoad node;
  node.name = host.text("name");
  const XmlNode runtime = host.value("runtime");
  node.online = runtime.text("connectionState") == "connected" &&
                !runtime.flag("inMaintenanceMode");
  const XmlNode hardware = host.value("summary.hardware");
  const XmlNode quick = host.value("summary.quickStats");
  const uint64_t megahertz = count_of(hardware, "cpuMhz") * count_of(hardware, "numCpuCores");
  if (megahertz > 0) {
    const uint64_t permille = 1000 * count_of(quick, "overallCpuUsage") / megahertz;
    node.cpu_permille = static_cast<uint32_t>(std::min<uint64_t>(permille, 1000));
  }
  node.memory_bytes = count_of(hardware, "memorySize");
  node.memory_used = count_of(quick, "overallMemoryUsage") * kMebibyte;
  return node;
}

Result<std::map<std::string, Cluster>> read_clusters(Session& session, const Reference& container,
                                                     const CancelToken& cancel) {
  const std::vector<ObjectProperties> found =
      TRY(retrieve_below(session, container, "ClusterComputeResource",
                         {"name", "configurationEx"}, cancel));
  std::map<std::string, Cluster> clusters;
  for (const ObjectProperties& one : found) {
    const XmlNode drs = one.value("configurationEx").child("drsConfig");
    // A cluster whose DRS only advises still places what is switched on where it likes best.
    clusters[one.object.id] = {one.text("name"), drs.flag("enabled")};
  }
  return clusters;
}

}  // namespace

Result<std::vector<HostLoad>> read_host_loads(Session& session, const Reference& container,
                                              const CancelToken& cancel) {
  const std::map<std::string, Cluster> clusters =
      TRY(read_clusters(session, container, cancel));
  std::map<std::string, std::string> stores;
  const std::vector<ObjectProperties> named =
      TRY(retrieve_below(session, container, "Datastore", {"name"}, cancel));
  for (const ObjectProperties& store : named) {
    stores[store.object.id] = store.text("name");
  }
  const std::vector<ObjectProperties> hosts =
      TRY(retrieve_below(session, container, "HostSystem",
                         {"name", "parent", "runtime", "summary.hardware", "summary.quickStats",
                          "datastore"},
                         cancel));
  std::vector<HostLoad> loads;
  for (const ObjectProperties& host : hosts) {
    HostLoad load{host.object, host.value("parent").reference(), load_of(host)};
    if (const auto cluster = clusters.find(load.cluster.id); cluster != clusters.end()) {
      load.node.group = cluster->second.name;
      load.node.placed_by_provider = cluster->second.chooses;
    }
    for (const Reference& store : reference_list(host.value("datastore"))) {
      if (const auto name = stores.find(store.id); name != stores.end()) {
        load.node.datastores.push_back(name->second);
      }
    }
    loads.push_back(std::move(load));
  }
  std::sort(loads.begin(), loads.end(),
            [](const HostLoad& a, const HostLoad& b) { return a.node.name < b.node.name; });
  return loads;
}

}  // namespace farm::builders::vsphere
