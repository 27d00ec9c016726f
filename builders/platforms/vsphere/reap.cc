#include "builders/platforms/vsphere/reap.h"

#include <algorithm>

#include "builders/core/config.h"
#include "builders/platforms/vsphere/machine.h"
#include "builders/platforms/vsphere/options.h"

namespace farm::builders::vsphere {
namespace {

Result<std::unique_ptr<Session>> connect(ReapContext& context) {
  const value::Value* config = context.config_of({"vsphere-iso", "vsphere-clone"});
  if (config == nullptr) return invalid_input("the job has no vSphere builder to log in with");
  Findings findings;
  const ConfigReader reader(*config, findings);
  ConnectOptions options = read_connect_options(reader, context.environment);
  if (!findings.ok()) return invalid_input(findings.text());
  return Session::open(std::move(options), context.cancel);
}

constexpr Duration kTaskPause = std::chrono::milliseconds(500);
constexpr Duration kRequestPause = std::chrono::seconds(1);
constexpr int kTaskPolls = 180;

// Whether a machine is being made that is not in the inventory yet. Whose, the task does not say.
Result<bool> making(Session& session, const CancelToken& cancel) {
  const ObjectProperties manager =
      TRY(retrieve(session, session.content().task_manager, {"recentTask"}, cancel));
  const std::vector<ObjectProperties> tasks =
      TRY(retrieve_all(session, "Task", reference_list(manager.value("recentTask")),
                       {"info.name", "info.state"}, cancel));
  return std::any_of(tasks.begin(), tasks.end(), [](const ObjectProperties& task) {
    const std::string name = task.text("info.name");
    const std::string state = task.text("info.state");
    const bool makes = name.starts_with("CreateVM") || name.starts_with("CloneVM");
    return makes && (state == "queued" || state == "running");
  });
}

// The machine at `path` with our tag. Looked for twice: the request of whoever was killed may still
// be on its way.
Result<std::optional<Reference>> find_ours(Session& session, const std::string& path,
                                           const std::string& tag, const CancelToken& cancel) {
  const std::string datacenter = path.substr(0, path.find("/vm/"));
  const Inventory inventory = TRY(Inventory::open(session, datacenter, cancel));
  bool looked = false;
  for (int poll = 0; poll < kTaskPolls; ++poll) {
    const bool busy = TRY(making(session, cancel));  // before the look: what ends now is there
    const std::optional<Reference> found = TRY(inventory.find("vm", path, cancel));
    if (found && found->type == "VirtualMachine") {
      const Result<std::string> owner = extra_config(session, *found, kTagKey, cancel);
      if (owner && *owner == tag) return found;
    }
    if (!busy && looked) return std::optional<Reference>();
    if (!busy) looked = true;
    if (!cancel.sleep(busy ? kTaskPause : kRequestPause)) return cancelled("cancelled");
  }
  return timed_out("machines are being made at the server for too long");
}

Result<void> reap_machine(ReapContext& context, const LeftResource& left) {
  const size_t mark = left.name.rfind('#');
  if (mark == std::string::npos) return invalid_input("not the name of a vSphere machine");
  const std::string path = left.name.substr(0, mark);
  const std::string tag = left.name.substr(mark + 1);
  const std::unique_ptr<Session> session = TRY(connect(context));
  Reference machine{"VirtualMachine", left.id};
  if (left.id.empty()) {
    // Whether it was made is not known; by that name it is ours only with our tag.
    const std::optional<Reference> found = TRY(find_ours(*session, path, tag, context.cancel));
    if (!found) return {};
    machine = *found;
  }
  return destroy_machine(*session, machine, context.cancel);
}

Result<void> reap_file(ReapContext& context, const LeftResource& left) {
  const size_t mark = left.name.find('#');
  if (mark == std::string::npos) return invalid_input("not the name of a datastore file");
  const auto [store, path] = split_datastore_path(left.name.substr(mark + 1));
  const std::unique_ptr<Session> session = TRY(connect(context));
  const Inventory inventory =
      TRY(Inventory::open(*session, left.name.substr(0, mark), context.cancel));
  const Result<Datastore> datastore = inventory.datastore(store, context.cancel);
  if (datastore) {
    return DatastoreFiles(*session, inventory, *datastore).remove(path, context.cancel);
  }
  if (datastore.error().code == ErrorCode::NotFound) return {};
  return datastore.error();
}

}  // namespace

void register_reapers(Registry& registry) {
  registry.add_reaper(resource::kMachine, reap_machine);
  registry.add_reaper(resource::kFile, reap_file);
}

}  // namespace farm::builders::vsphere
