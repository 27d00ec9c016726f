#include "builders/platforms/vsphere/machine.h"

#include <algorithm>

namespace farm::builders::vsphere {
namespace {

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

}  // namespace

Result<void> reconfigure(Machine& machine, const Members& spec, const CancelToken& cancel) {
  const Result<XmlNode> done =
      run_task(*machine.session, machine.ref, "ReconfigVM_Task",
               [&](XmlWriter& out) { out.element("spec", [&] { spec(out); }); }, cancel);
  if (!done) return done.error();
  return {};
}

Result<std::string> power_state(Machine& machine, const CancelToken& cancel) {
  const ObjectProperties properties =
      TRY(retrieve(*machine.session, machine.ref, {"runtime.powerState"}, cancel));
  return properties.text("runtime.powerState");
}

Result<std::string> extra_config(Session& session, const Reference& ref, const std::string& key,
                                 const CancelToken& cancel) {
  const ObjectProperties properties = TRY(retrieve(session, ref, {"config.extraConfig"}, cancel));
  std::string value;
  for (const XmlNode& one : array_elements(properties.value("config.extraConfig"))) {
    if (one.text("key") == key) value = one.text("value");
  }
  return value;
}

Result<std::optional<Reference>> find_marked(Session& session, const std::string& path,
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

}  // namespace farm::builders::vsphere
