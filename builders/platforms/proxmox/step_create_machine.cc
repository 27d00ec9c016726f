#include "builders/platforms/proxmox/step_create_machine.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace farm::builders::platform_proxmox {
namespace {

constexpr int kIdTries = 3;

bool id_taken(const Error& error) {
  return error.message.find("already exists") != std::string::npos ||
         error.message.find("already used") != std::string::npos;
}

Result<int64_t> next_id(Client& client, const CancelToken& cancel) {
  const Json data = TRY(client.get("/cluster/nextid", {}, cancel));
  const Json wrapped = Json{{"id", data}};
  const int64_t id = number_of(wrapped, "id");
  if (id <= 0) return corrupt("the API gave no free machine id");
  return id;
}

}  // namespace

Result<void> CreateMachine::place(BuildContext& context) {
  vm_->placement.mark = vm_->mark;
  vm_->placement.name =
      config_->vm_name.empty() ? "packer-" + uuid_v4(context.random) : config_->vm_name;
  vm_->placement.slots = TRY(plan_slots(*config_, vm_->source_disks));
  for (const std::string& warning : vm_->placement.slots.warnings) {
    context.ui.message("Warning: " + warning);
  }
  return {};
}

Result<void> CreateMachine::run(BuildContext& context) {
  TRY(place(context));
  for (int attempt = 1;; ++attempt) {
    vm_->placement.id =
        config_->vm_id != 0 ? config_->vm_id : TRY(next_id(*client_, context.cancel));
    intent_ = TRY(context.ledger.intend(
        kMachineKind, ledger_name(vm_->node, vm_->placement.id, vm_->mark)));
    const Result<void> made = make(context);
    if (made) break;
    if (!id_taken(made.error())) return made;
    // Most likely it is somebody else's machine; if a lost answer made it ours, it goes.
    TRY(remove_if_ours(*client_, vm_->node, vm_->placement.id, {vm_->mark, {}}, context.cancel));
    TRY(context.ledger.gone(*intent_));
    intent_.reset();
    if (config_->vm_id != 0 || attempt >= kIdTries) return made;
    context.ui.message(fmt::format("Machine id {} was taken meanwhile; trying another",
                                   vm_->placement.id));
  }
  context.instance_id = std::to_string(vm_->placement.id);
  const Json settings = TRY(vm_->machine(*client_).config(context.cancel));
  vm_->uuid = uuid_of(settings);
  TRY(context.ledger.bound(*intent_, vm_->uuid.empty() ? context.instance_id : vm_->uuid));
  context.reach["machine"] = fmt::format(
      "Machine {} on node {} stays: remove it with qm stop {} && qm destroy {} there.",
      vm_->placement.id, vm_->node, vm_->placement.id, vm_->placement.id);
  return {};
}

Result<void> CreateMachine::make(BuildContext& context) {
  return config_->kind == Kind::Clone ? clone(context) : create(context);
}

Result<void> CreateMachine::create(BuildContext& context) {
  context.ui.say(fmt::format("Creating VM {} on node {}...", vm_->placement.id, vm_->node));
  const MachineParameters parameters =
      TRY(machine_parameters(*config_, vm_->placement, context.random));
  Parameters form = {{"vmid", std::to_string(vm_->placement.id)}, {"pool", config_->pool}};
  form.insert(form.end(), parameters.form.begin(), parameters.form.end());
  form.emplace_back("efidisk0", efi_disk(*config_));
  TRY(client_->post_task("/nodes/" + vm_->node + "/qemu", form, context.cancel));
  return grow(context, parameters);
}

Result<void> CreateMachine::clone(BuildContext& context) {
  const CloneOptions& clone = config_->clone;
  context.ui.say(fmt::format("Cloning VM {} on node {} as {} on node {} ({} clone)...",
                             vm_->source_id, vm_->source_node, vm_->placement.id, vm_->node,
                             clone.full ? "full" : "linked"));
  const Parameters copy = {{"newid", std::to_string(vm_->placement.id)},
                           {"target", vm_->node},
                           {"name", vm_->placement.name},
                           {"full", clone.full ? "1" : "0"},
                           {"pool", config_->pool},
                           {"description", building_description(vm_->mark)}};
  const Machine source(*client_, vm_->source_node, vm_->source_id);
  TRY(client_->post_task(source.path("/clone"), copy, context.cancel));
  const Machine machine = vm_->machine(*client_);
  MachineParameters parameters =
      TRY(machine_parameters(*config_, vm_->placement, context.random));
  const Parameters cloud = cloud_init_parameters(*config_, context.ssh_public_key);
  parameters.form.insert(parameters.form.end(), cloud.begin(), cloud.end());
  const Json changed =
      TRY(client_->put(machine.path("/config"), parameters.form, context.cancel));
  TRY(client_->wait(changed, context.cancel));
  const std::string efi = efi_disk(*config_);
  if (!efi.empty()) TRY(machine.configure({{"efidisk0", efi}}, context.cancel));
  return grow(context, parameters);
}

Result<void> CreateMachine::grow(BuildContext& context, const MachineParameters& parameters) {
  const Machine machine = vm_->machine(*client_);
  for (const Growth& growth : parameters.growths) {
    const Json data = TRY(client_->put(
        machine.path("/resize"), {{"disk", growth.slot}, {"size", growth.size}}, context.cancel));
    TRY(client_->wait(data, context.cancel));
  }
  return {};
}

Result<void> CreateMachine::cleanup(BuildContext& context) {
  if (!intent_) return {};
  if (vm_->finished) {
    const uint64_t artifact = *intent_;
    intent_.reset();
    return context.ledger.keep(artifact);
  }
  context.ui.say(fmt::format("Stopping and deleting VM {}...", vm_->placement.id));
  const CancelToken fresh;  // the build's own may be cancelled
  TRY(remove_if_ours(*client_, vm_->node, vm_->placement.id, {vm_->mark, vm_->uuid}, fresh));
  const uint64_t intent = *intent_;
  intent_.reset();
  return context.ledger.gone(intent);
}

Result<void> StartMachine::run(BuildContext& context) {
  context.ui.say(fmt::format("Starting VM {}...", vm_->placement.id));
  return vm_->machine(*client_).start(context.cancel);
}

}  // namespace farm::builders::platform_proxmox
