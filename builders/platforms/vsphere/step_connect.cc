#include "builders/platforms/vsphere/step_connect.h"

#include <algorithm>
#include <fmt/format.h>

#include "builders/platforms/vsphere/host_load.h"
#include "builders/steps/build_mark.h"

namespace farm::builders::vsphere {

Result<void> ConnectServer::run(BuildContext& context) {
  const ConnectOptions& connect = options_->connect;
  context.ui.say(fmt::format("Connecting to {} as {}", connect.server, connect.username));
  if (connect.insecure) {
    context.ui.message("The certificate of the server is not checked (insecure_connection).");
  }
  machine_->session = TRY(Session::open(connect, context.cancel));
  machine_->inventory =
      TRY(Inventory::open(*machine_->session, connect.datacenter, context.cancel));
  context.ui.message(fmt::format("{}, datacenter {}", machine_->content().product,
                                 machine_->inventory->datacenter_path()));
  return {};
}

Result<void> ConnectServer::cleanup(BuildContext&) {
  if (machine_->session) machine_->session->logout();
  return {};
}

Result<void> FindPlace::run(BuildContext& context) {
  const LocationOptions& location = options_->location;
  const Inventory& inventory = *machine_->inventory;
  machine_->path =
      location.folder.empty() ? location.vm_name : location.folder + "/" + location.vm_name;
  machine_->tag = steps::build_mark(context);
  machine_->pool = TRY(inventory.pool(location.cluster, location.host, location.resource_pool,
                                      context.cancel));
  // With a cluster the host is a wish of the user; a host alone is said by its pool.
  if (!location.cluster.empty() && !location.host.empty()) {
    machine_->host = TRY(inventory.host(location.host, context.cancel));
  }
  TRY(find_datastore(context));
  if (location.cluster.empty() || !location.host.empty()) return {};
  return choose_host(context);
}

// A cluster without DRS wants to be told the host.
Result<void> FindPlace::choose_host(BuildContext& context) {
  const Inventory& inventory = *machine_->inventory;
  const Reference cluster =
      TRY(inventory.compute_resource(options_->location.cluster, context.cancel));
  const std::vector<HostLoad> loads =
      TRY(read_host_loads(*machine_->session, inventory.datacenter(), context.cancel));
  // The farm's own choice knows of other builds that are on their way to a host.
  const std::string advised = context.environment.get_or("FARM_NODE", "");
  const HostLoad* best = nullptr;
  const auto free_memory = [](const HostLoad& load) {
    return static_cast<int64_t>(load.node.memory_bytes) -
           static_cast<int64_t>(load.node.memory_used);
  };
  for (const HostLoad& load : loads) {
    const std::vector<std::string>& stores = load.node.datastores;
    const bool fits =
        load.cluster == cluster && load.node.online && !load.node.placed_by_provider &&
        std::find(stores.begin(), stores.end(), machine_->datastore.name) != stores.end();
    if (!fits) continue;
    if (load.node.name == advised) {
      best = &load;
      break;
    }
    if (best == nullptr || free_memory(load) > free_memory(*best)) best = &load;
  }
  if (best == nullptr) return {};  // the server chooses, or says why it cannot
  machine_->host = best->host;
  context.ui.message(fmt::format("Host: {} ({} MiB of memory free)", best->node.name,
                                 free_memory(*best) / (1024 * 1024)));
  return {};
}

Result<void> FindPlace::find_datastore(BuildContext& context) {
  const LocationOptions& location = options_->location;
  const Inventory& inventory = *machine_->inventory;
  if (!location.datastore.empty()) {
    machine_->datastore = TRY(inventory.datastore(location.datastore, context.cancel));
    return {};
  }
  if (!location.datastore_cluster.empty()) {
    const Reference pod =
        TRY(inventory.datastore_cluster(location.datastore_cluster, context.cancel));
    return recommended_datastore(context, pod);
  }
  if (location.host.empty()) {
    return invalid_input("'datastore' or 'datastore_cluster' is needed when only a cluster is given");
  }
  machine_->datastore = TRY(inventory.datastore_of_host(location.host, context.cancel));
  return {};
}

// Asks storage DRS where the disks should go; a server without an answer gets the first member.
Result<void> FindPlace::recommended_datastore(BuildContext& context, const Reference& pod) {
  const Inventory& inventory = *machine_->inventory;
  const StorageOptions& storage = options_->storage;
  std::vector<DiskSpec> disks;
  for (const StorageOptions::Disk& disk : storage.disks) {
    disks.push_back({disk.size_mb, disk.thin, disk.eagerly_scrubbed, disk.controller, {}});
  }
  const Result<XmlNode> answer = machine_->session->call(
      machine_->content().storage_resource_manager, "RecommendDatastores",
      [&](XmlWriter& out) {
        out.element("storageSpec", [&] {
          out.text("type", "create");
          out.element("podSelectionSpec", [&] {
            out.element("initialVmConfig", [&] {
              out.reference("storagePod", pod);
              for (size_t i = 0; i < disks.size(); ++i) {
                out.element("disk", [&] { out.number("diskId", new_disk_key(i)); });
              }
            });
            out.reference("storagePod", pod);
          });
          out.element("configSpec", [&] {
            out.text("name", options_->location.vm_name);
            write_disks(out, storage.controllers, disks, {});
          });
          out.reference("resourcePool", machine_->pool);
          out.reference_if("host", machine_->host);
        });
      },
      context.cancel);
  std::vector<Datastore> members = TRY(inventory.cluster_members(pod, context.cancel));
  if (members.empty()) return not_found("the datastore cluster has no datastores");
  machine_->datastore = members.front();
  std::vector<Datastore> advised;
  if (answer) {
    for (const XmlNode& advice : answer->child("returnval").children("recommendations")) {
      const Reference wanted = advice.at("action.destination").reference();
      for (const Datastore& member : members) {
        if (member.ref == wanted) advised.push_back(member);
      }
    }
  } else {
    context.ui.message("No recommendation of storage DRS: " + answer.error().message);
  }
  if (!advised.empty()) machine_->datastore = advised.front();
  // Several disks need not lie together.
  if (disks.size() > 1 && advised.size() >= disks.size()) {
    machine_->disk_stores.assign(advised.begin(),
                                 advised.begin() + static_cast<std::ptrdiff_t>(disks.size()));
  }
  context.ui.message("Datastore of the cluster: " + machine_->datastore.name);
  return {};
}

Result<void> RemoveExisting::run(BuildContext& context) {
  const std::optional<Reference> existing = TRY(machine_->inventory->find(
      "vm", machine_->path, context.cancel));
  if (!existing) return {};
  if (existing->type != "VirtualMachine") {
    return conflict(fmt::format("'{}' exists already and is a {}", machine_->path, existing->type));
  }
  if (!context.force) {
    return conflict(fmt::format(
        "{} already exists, you can use -force flag to destroy it: {}/vm/{}",
        options_->location.vm_name, machine_->inventory->datacenter_path(), machine_->path));
  }
  context.ui.say(fmt::format("the vm/template {} already exists, but deleting it due to -force flag",
                             machine_->path));
  return destroy_machine(*machine_->session, *existing, context.cancel);
}

Result<void> MachineStep::run(BuildContext& context) {
  machine_->folder =
      TRY(machine_->inventory->folder(options_->location.folder, true, context.cancel));
  intent_ = TRY(context.ledger.intend(
      resource::kMachine, fmt::format("{}/vm/{}#{}", machine_->inventory->datacenter_path(),
                                      machine_->path, machine_->tag)));
  machine_->ref = TRY(create(context));
  TRY(context.ledger.bound(*intent_, machine_->ref.id));
  context.instance_id = machine_->ref.id;
  return {};
}

Result<void> MachineStep::cleanup(BuildContext& context) {
  if (!intent_) return {};
  if (!machine_->complete || options_->finish.destroy || machine_->destroy) {
    const CancelToken never;
    Reference left = machine_->ref;
    if (left.empty()) {
      // The answer was lost, or the task was cut short: what carries our tag is ours.
      const std::optional<Reference> found =
          TRY(find_marked(*machine_->session,
                          machine_->inventory->datacenter_path() + "/vm/" + machine_->path,
                          machine_->tag, never));
      if (found) left = *found;
    }
    if (!left.empty() && !machine_->destroyed) {
      context.ui.say("Destroying VM...");
      TRY(destroy_machine(*machine_->session, left, never));
      machine_->destroyed = true;
    }
  }
  const uint64_t intent = *intent_;
  intent_.reset();
  const bool artifact = machine_->complete && !machine_->destroyed;
  return artifact ? context.ledger.keep(intent) : context.ledger.gone(intent);
}

}  // namespace farm::builders::vsphere
