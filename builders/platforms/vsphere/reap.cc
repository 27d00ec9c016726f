#include "builders/platforms/vsphere/reap.h"


#include "builders/core/config.h"
#include "builders/platforms/vsphere/machine.h"
#include "builders/platforms/vsphere/options.h"

namespace farm::builders::vsphere {
namespace {

struct Connected {
  std::unique_ptr<Session> session;
  Inventory inventory;
};

Result<Connected> connect(ReapContext& context) {
  const value::Value* config = context.config_of({"vsphere-iso", "vsphere-clone"});
  if (config == nullptr) return invalid_input("the job has no vSphere builder to log in with");
  Findings findings;
  const ConfigReader reader(*config, findings);
  const ConnectOptions options = read_connect_options(reader);
  if (!findings.ok()) return invalid_input(findings.text());
  std::unique_ptr<Session> session = TRY(Session::open(options, context.cancel));
  Inventory inventory = TRY(Inventory::open(*session, options.datacenter, context.cancel));
  return Connected{std::move(session), std::move(inventory)};
}

Result<void> reap_machine(ReapContext& context, const LeftResource& left) {
  const size_t mark = left.name.rfind('#');
  if (mark == std::string::npos) return invalid_input("not the name of a vSphere machine");
  const std::string path = left.name.substr(0, mark);
  const std::string tag = left.name.substr(mark + 1);
  const Connected server = TRY(connect(context));
  const std::unique_ptr<Session>& session = server.session;
  Reference machine{"VirtualMachine", left.id};
  if (left.id.empty()) {
    // Whether it was made is not known; by that name it is ours only with our tag.
    const std::optional<Reference> found = TRY(server.inventory.find("vm", path, context.cancel));
    if (!found || found->type != "VirtualMachine") return {};
    const std::string owner = TRY(extra_config(*session, *found, kTagKey, context.cancel));
    if (owner != tag) return {};
    machine = *found;
  }
  return destroy_machine(*session, machine, context.cancel);
}

Result<void> reap_file(ReapContext& context, const LeftResource& left) {
  const size_t mark = left.name.find('#');
  if (mark == std::string::npos) return invalid_input("not the name of a datastore file");
  const auto [store, path] = split_datastore_path(left.name.substr(mark + 1));
  const Connected server = TRY(connect(context));
  const Result<Datastore> datastore = server.inventory.datastore(store, context.cancel);
  if (datastore) {
    return DatastoreFiles(*server.session, server.inventory, *datastore)
        .remove(path, context.cancel);
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
