#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/post_processors/vsphere_template/config.h"
#include "builders/steps/vsphere/inventory.h"

namespace farm::builders::post_processor_vsphere_template {
namespace {

using vsphere::Inventory;
using vsphere::ObjectProperties;
using vsphere::Reference;
using vsphere::Session;
using vsphere::XmlNode;
using vsphere::XmlWriter;

constexpr auto kSettleTime = std::chrono::seconds(10);  // until an upload shows in the inventory
constexpr auto kSettlePoll = std::chrono::seconds(1);

class VsphereTemplate final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    const std::string machine = TRY(machine_path(input));
    const std::unique_ptr<Session> session =
        TRY(Session::open(config_.connect, context.cancel));
    const Inventory inventory =
        TRY(Inventory::open(*session, config_.connect.datacenter, context.cancel));
    context.ui.say(fmt::format("Waiting for {} to appear...", machine));
    const Reference ref = TRY(wait_for(context, inventory, machine));
    if (config_.snapshot) TRY(take_snapshot(context, *session, ref));
    if (config_.reregister) {
      TRY(register_template(context, *session, inventory, ref));
    } else {
      TRY(mark_in_place(context, *session, inventory, ref));
    }
    artifact::Artifact output = input;
    return PostProcessed{std::move(output), true, true};
  }

 private:
  // Of the builders' artifacts and of the vsphere post-processor's.
  static Result<std::string> machine_path(const artifact::Artifact& input) {
    if (input.builder_id == "jetbrains.vsphere") {
      const auto path = input.state.find("vm_path");
      if (path != input.state.end() && path->second.is_known() && !path->second.is_null()) {
        return path->second.as_string();
      }
      return input.id;
    }
    if (input.builder_id == "packer.post-processor.vsphere") {
      const size_t first = input.id.find("::");
      const size_t second = first == std::string::npos ? first : input.id.find("::", first + 2);
      if (second == std::string::npos) return corrupt("unknown artifact id: " + input.id);
      const std::string folder = input.id.substr(first + 2, second - first - 2);
      const std::string name = input.id.substr(second + 2);
      return folder.empty() ? name : folder + "/" + name;
    }
    return invalid_input(fmt::format(
        "vsphere-template cannot work on an artifact of {}: it takes those of the vSphere builders "
        "and of the vsphere post-processor", input.builder_id));
  }

  static Result<Reference> wait_for(BuildContext& context, const Inventory& inventory,
                                    const std::string& machine) {
    const Instant end = context.clock.now() + kSettleTime;
    while (true) {
      const std::optional<Reference> found = TRY(inventory.machine(machine, context.cancel));
      if (found) return *found;
      if (context.clock.now() >= end) return not_found(fmt::format("{} not found", machine));
      if (!context.cancel.sleep(kSettlePoll)) return cancelled("cancelled");
    }
  }

  Result<void> take_snapshot(BuildContext& context, Session& session, const Reference& ref) const {
    context.ui.say("Creating virtual machine snapshot...");
    const Result<XmlNode> done = vsphere::run_task(
        session, ref, "CreateSnapshot_Task",
        [&](XmlWriter& out) {
          out.text("name", config_.snapshot_name);
          out.text("description", config_.snapshot_description);
          out.flag("memory", false);
          out.flag("quiesce", false);
        },
        context.cancel);
    if (!done) return done.error();
    return {};
  }

  // A template of the same name in the folder makes way with override = true.
  Result<void> clear_way(BuildContext& context, Session& session, const Inventory& inventory,
                         const std::string& path, const Reference& own) const {
    const std::optional<Reference> there = TRY(inventory.find("vm", path, context.cancel));
    if (!there || *there == own) return {};
    if (!config_.replace) {
      return conflict(fmt::format("{} exists already; 'override = true' replaces it", path));
    }
    context.ui.say(fmt::format("Removing the existing {}", path));
    const Result<XmlNode> gone = vsphere::run_task(session, *there, "Destroy_Task", {},
                                                   context.cancel);
    if (!gone) return gone.error();
    return {};
  }

  Result<void> register_template(BuildContext& context, Session& session,
                                 const Inventory& inventory, const Reference& ref) const {
    const ObjectProperties machine = TRY(vsphere::retrieve(
        session, ref, {"name", "parent", "config.files.vmPathName", "runtime.host",
                       "config.template"}, context.cancel));
    Reference folder = machine.value("parent").reference();
    if (!config_.folder.empty()) {
      folder = TRY(inventory.folder(config_.folder.substr(1), true, context.cancel));
    }
    const std::string name =
        config_.template_name.empty() ? machine.text("name") : config_.template_name;
    const std::string path = TRY(inventory.path_of(folder, context.cancel));
    TRY(clear_way(context, session, inventory, path + "/" + name, ref));
    context.ui.say(fmt::format("Registering {} as a template in {}", name, path));
    TRY(session.call(ref, "UnregisterVM", {}, context.cancel));
    const Result<XmlNode> done = vsphere::run_task(
        session, folder, "RegisterVM_Task",
        [&](XmlWriter& out) {
          out.text("path", machine.text("config.files.vmPathName"));
          out.text("name", name);
          out.flag("asTemplate", true);
          out.reference("host", machine.value("runtime.host").reference());
        },
        context.cancel);
    if (!done) {
      return done.error().within(fmt::format(
          "the machine is unregistered, its files are at {}", machine.text("config.files.vmPathName")));
    }
    return {};
  }

  Result<void> mark_in_place(BuildContext& context, Session& session, const Inventory& inventory,
                             const Reference& ref) const {
    const ObjectProperties machine = TRY(
        vsphere::retrieve(session, ref, {"name", "parent", "config.template"}, context.cancel));
    Reference folder = machine.value("parent").reference();
    if (!config_.folder.empty()) {
      folder = TRY(inventory.folder(config_.folder.substr(1), true, context.cancel));
    }
    const std::string name =
        config_.template_name.empty() ? machine.text("name") : config_.template_name;
    const std::string path = TRY(inventory.path_of(folder, context.cancel));
    TRY(clear_way(context, session, inventory, path + "/" + name, ref));
    if (machine.text("config.template") != "true") {
      context.ui.say("Marking as a template...");
      TRY(session.call(ref, "MarkAsTemplate", {}, context.cancel));
    }
    if (folder != machine.value("parent").reference()) {
      const Result<XmlNode> moved =
          vsphere::run_task(session, folder, "MoveIntoFolder_Task",
                            [&](XmlWriter& out) { out.reference("list", ref); }, context.cancel);
      if (!moved) return moved.error();
    }
    if (name != machine.text("name")) {
      const Result<XmlNode> renamed =
          vsphere::run_task(session, ref, "Rename_Task",
                            [&](XmlWriter& out) { out.text("newName", name); }, context.cancel);
      if (!renamed) return renamed.error();
    }
    return {};
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("vsphere-template",
                              [] { return std::make_unique<VsphereTemplate>(); });
}

}  // namespace farm::builders::post_processor_vsphere_template
