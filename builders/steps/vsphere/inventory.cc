#include "builders/steps/vsphere/inventory.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace farm::builders::vsphere {
namespace {

// The server keeps these characters of names escaped.
std::string inventory_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    switch (c) {
      case '%': out += "%25"; break;
      case '\\': out += "%5c"; break;
      default: out += c;
    }
  }
  return out;
}

std::string shown_name(std::string name) {
  for (const auto& [escape, plain] :
       {std::pair{"%2f", "/"}, std::pair{"%5c", "\\"}, std::pair{"%25", "%"}}) {
    for (size_t at = name.find(escape); at != std::string::npos; at = name.find(escape, at + 1)) {
      name.replace(at, 3, plain);
    }
  }
  return name;
}

std::string trimmed_path(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Result<Inventory> Inventory::open(Session& session, const std::string& datacenter,
                                  const CancelToken& cancel) {
  Inventory inventory(session);
  std::vector<ObjectProperties> all = TRY(
      retrieve_below(session, session.content().root_folder, "Datacenter", {"name"}, cancel));
  std::vector<std::string> names;
  for (const ObjectProperties& one : all) {
    const std::string path = TRY(inventory.path_of(one.object, cancel));
    names.push_back(path);
    const std::string wanted = trimmed_path(datacenter);
    if (!wanted.empty() && wanted != one.text("name") && wanted != path && "/" + wanted != path) {
      continue;
    }
    if (!inventory.datacenter_.empty()) {
      return invalid_input(wanted.empty()
                               ? "there are several datacenters; name one with datacenter = "
                                 "\"...\""
                               : fmt::format("datacenter '{}' is not unique; give its path", wanted));
    }
    inventory.datacenter_ = one.object;
    inventory.path_ = path;
  }
  if (inventory.datacenter_.empty()) {
    return not_found(datacenter.empty()
                         ? std::string("the server shows no datacenter to this user")
                         : fmt::format("datacenter '{}' not found; there are: {}", datacenter,
                                       fmt::join(names, ", ")));
  }
  return inventory;
}

Result<std::string> Inventory::path_of(const Reference& object, const CancelToken& cancel) const {
  return object_path(*session_, object, cancel);
}

Result<std::string> object_path(Session& session, const Reference& object,
                                const CancelToken& cancel) {
  std::string path;
  Reference at = object;
  while (!at.empty() && at != session.content().root_folder) {
    const ObjectProperties one = TRY(retrieve(session, at, {"name", "parent"}, cancel));
    path = "/" + one.text("name") + path;
    at = one.value("parent").reference();
  }
  return path;
}

Result<std::optional<Reference>> Inventory::by_path(const std::string& path,
                                                    const CancelToken& cancel) const {
  const XmlNode answer = TRY(session_->call(
      session_->content().search_index, "FindByInventoryPath",
      [&](XmlWriter& out) { out.text("inventoryPath", path.substr(path.find_first_not_of('/'))); },
      cancel));
  const XmlNode found = answer.child("returnval");
  if (!found) return std::optional<Reference>();
  return std::optional(found.reference());
}

Result<std::optional<Reference>> Inventory::find(const std::string& kind_folder,
                                                 const std::string& path,
                                                 const CancelToken& cancel) const {
  const std::string escaped = inventory_name(trimmed_path(path));
  if (escaped.starts_with(path_ + "/")) return by_path(escaped, cancel);
  return by_path(fmt::format("{}/{}/{}", path_, kind_folder,
                             escaped.starts_with('/') ? escaped.substr(1) : escaped),
                 cancel);
}

Result<std::optional<Reference>> Inventory::machine(const std::string& path,
                                                    const CancelToken& cancel) const {
  const std::optional<Reference> found = TRY(find("vm", path, cancel));
  if (found && found->type == "VirtualMachine") return found;
  if (path.find('/') != std::string::npos) return std::optional<Reference>();
  const std::vector<ObjectProperties> all =
      TRY(retrieve_below(*session_, datacenter_, "VirtualMachine", {"name"}, cancel));
  std::optional<Reference> one;
  for (const ObjectProperties& machine : all) {
    if (shown_name(machine.text("name")) != path) continue;
    if (one) {
      return invalid_input(fmt::format(
          "there are several machines named '{}'; give the path with its folder", path));
    }
    one = machine.object;
  }
  return one;
}

Result<Reference> Inventory::folder(const std::string& path, bool create,
                                    const CancelToken& cancel) const {
  const ObjectProperties root = TRY(retrieve(*session_, datacenter_, {"vmFolder"}, cancel));
  Reference at = root.value("vmFolder").reference();
  std::string rest = trimmed_path(path);
  if (rest.starts_with(path_ + "/vm/")) rest = rest.substr(path_.size() + 4);
  std::string done;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string name = rest.substr(0, slash);
    rest = slash == std::string::npos ? std::string() : rest.substr(slash + 1);
    if (name.empty()) continue;
    done += (done.empty() ? "" : "/") + name;
    const std::optional<Reference> found = TRY(find("vm", done, cancel));
    if (found && found->type != "Folder") {
      return invalid_input(fmt::format("'{}' is a {}, not a folder", done, found->type));
    }
    if (found) {
      at = *found;
      continue;
    }
    if (!create) return not_found(fmt::format("folder '{}' not found", path));
    const XmlNode made =
        TRY(session_->call(at, "CreateFolder",
                           [&](XmlWriter& out) { out.text("name", inventory_name(name)); }, cancel));
    at = made.child("returnval").reference();
  }
  return at;
}

Result<Reference> Inventory::the_one(const std::string& what, const std::string& kind_folder,
                                     const std::string& type, const std::string& name,
                                     const CancelToken& cancel) const {
  const std::optional<Reference> direct = TRY(find(kind_folder, name, cancel));
  // A cluster is a ComputeResource, a distributed port group a Network.
  const auto fits = [&](const Reference& one) {
    return one.type == type || (type == "ComputeResource" && one.type.ends_with(type)) ||
           (type == "Network" && (one.type == "DistributedVirtualPortgroup" ||
                                  one.type == "OpaqueNetwork"));
  };
  if (direct && fits(*direct)) return *direct;
  const std::vector<ObjectProperties> all =
      TRY(retrieve_below(*session_, datacenter_, type, {"name"}, cancel));
  std::vector<std::string> names;
  std::vector<Reference> matches;
  for (const ObjectProperties& one : all) {
    names.push_back(shown_name(one.text("name")));
    if (names.back() == name) matches.push_back(one.object);
  }
  if (matches.size() == 1) return matches.front();
  if (matches.size() > 1) {
    return invalid_input(fmt::format("{} '{}' is not unique; give its path", what, name));
  }
  std::sort(names.begin(), names.end());
  if (names.size() > 20) names.resize(20);
  return not_found(fmt::format("{} '{}' not found in datacenter {}; there are: {}", what, name,
                               path_, fmt::join(names, ", ")));
}

Result<Reference> Inventory::compute_resource(const std::string& name,
                                              const CancelToken& cancel) const {
  return the_one("cluster or host", "host", "ComputeResource", name, cancel);
}

Result<Reference> Inventory::host(const std::string& name, const CancelToken& cancel) const {
  const std::optional<Reference> direct = TRY(find("host", name, cancel));
  if (direct && direct->type == "HostSystem") return *direct;
  const size_t slash = name.find_last_of('/');
  return the_one("host", "host", "HostSystem",
                 slash == std::string::npos ? name : name.substr(slash + 1), cancel);
}

Result<Reference> Inventory::root_pool(const Reference& compute, const CancelToken& cancel) const {
  const ObjectProperties one = TRY(retrieve(*session_, compute, {"resourcePool"}, cancel));
  return one.value("resourcePool").reference();
}

Result<Reference> Inventory::pool(const std::string& cluster, const std::string& host_name,
                                  const std::string& name, const CancelToken& cancel) const {
  Reference compute;
  if (!cluster.empty()) {
    compute = TRY(compute_resource(cluster, cancel));
  } else {
    const Reference machine = TRY(host(host_name, cancel));
    const ObjectProperties one = TRY(retrieve(*session_, machine, {"parent"}, cancel));
    compute = one.value("parent").reference();
  }
  if (name.empty()) return root_pool(compute, cancel);
  if (name.starts_with('/')) {
    const std::optional<Reference> absolute = TRY(by_path(inventory_name(name), cancel));
    if (absolute) return *absolute;
  }
  const std::string base = TRY(path_of(compute, cancel));
  std::optional<Reference> found =
      TRY(by_path(base + "/Resources/" + inventory_name(trimmed_path(name)), cancel));
  if (found) return *found;
  const std::vector<ObjectProperties> apps =
      TRY(retrieve_below(*session_, datacenter_, "VirtualApp", {"name"}, cancel));
  for (const ObjectProperties& app : apps) {
    if (shown_name(app.text("name")) == name) return app.object;
  }
  return not_found(fmt::format("resource pool '{}' not found below {}/Resources", name, base));
}

Result<Datastore> Inventory::named(const Reference& ref, const CancelToken& cancel) const {
  const ObjectProperties one = TRY(retrieve(*session_, ref, {"name"}, cancel));
  return Datastore{ref, shown_name(one.text("name"))};
}

Result<Datastore> Inventory::datastore(const std::string& name, const CancelToken& cancel) const {
  const Reference ref = TRY(the_one("datastore", "datastore", "Datastore", name, cancel));
  return named(ref, cancel);
}

Result<Datastore> Inventory::datastore_of_host(const std::string& name,
                                               const CancelToken& cancel) const {
  const Reference machine = TRY(host(name, cancel));
  const ObjectProperties one = TRY(retrieve(*session_, machine, {"datastore"}, cancel));
  const std::vector<Reference> stores = reference_list(one.value("datastore"));
  if (stores.size() != 1) {
    return invalid_input(fmt::format(
        "host '{}' has {} datastores; name one with datastore = \"...\"", name, stores.size()));
  }
  return named(stores.front(), cancel);
}

Result<Reference> Inventory::datastore_cluster(const std::string& name,
                                               const CancelToken& cancel) const {
  return the_one("datastore cluster", "datastore", "StoragePod", name, cancel);
}

Result<std::vector<Datastore>> Inventory::cluster_members(const Reference& pod,
                                                          const CancelToken& cancel) const {
  const ObjectProperties one = TRY(retrieve(*session_, pod, {"childEntity"}, cancel));
  std::vector<Datastore> members;
  for (const Reference& ref : reference_list(one.value("childEntity"))) {
    members.push_back(TRY(named(ref, cancel)));
  }
  return members;
}

Result<Network> Inventory::network(const std::string& name, const std::string& host_name,
                                   const CancelToken& cancel) const {
  const std::vector<ObjectProperties> all =
      TRY(retrieve_below(*session_, datacenter_, "Network", {"name"}, cancel));
  const size_t slash = name.find_last_of('/');
  const std::string base = slash == std::string::npos ? name : name.substr(slash + 1);
  std::vector<Network> matches;
  std::vector<std::string> names;
  for (const ObjectProperties& one : all) {
    const std::string shown = shown_name(one.text("name"));
    names.push_back(shown);
    if (shown == name || one.object.id == name) matches.push_back({one.object, shown});
    else if (slash != std::string::npos && shown == base) {
      const std::string path = TRY(path_of(one.object, cancel));
      if (path == name || path == path_ + "/network/" + name) matches.push_back({one.object, shown});
    }
  }
  if (matches.size() > 1 && !host_name.empty()) {
    const Reference machine = TRY(host(host_name, cancel));
    const ObjectProperties one = TRY(retrieve(*session_, machine, {"network"}, cancel));
    const std::vector<Reference> connected = reference_list(one.value("network"));
    std::erase_if(matches, [&](const Network& candidate) {
      return std::find(connected.begin(), connected.end(), candidate.ref) == connected.end();
    });
  }
  if (matches.size() == 1) return matches.front();
  if (matches.size() > 1) {
    return invalid_input(fmt::format(
        "network '{}' is not unique; give its path or its id (for example \"{}\")", name,
        matches.front().ref.id));
  }
  std::sort(names.begin(), names.end());
  return not_found(fmt::format("network '{}' not found in datacenter {}; there are: {}", name,
                               path_, fmt::join(names, ", ")));
}

Result<Network> Inventory::network_of_host(const std::string& name,
                                           const CancelToken& cancel) const {
  const Reference machine = TRY(host(name, cancel));
  const ObjectProperties one = TRY(retrieve(*session_, machine, {"network"}, cancel));
  const std::vector<Reference> list = reference_list(one.value("network"));
  if (list.size() != 1) {
    return invalid_input(fmt::format(
        "host '{}' has {} networks; name one with network = \"...\"", name, list.size()));
  }
  const ObjectProperties network = TRY(retrieve(*session_, list.front(), {"name"}, cancel));
  return Network{list.front(), shown_name(network.text("name"))};
}

}  // namespace farm::builders::vsphere
