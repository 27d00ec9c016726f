#include "builders/platforms/vsphere/reap.h"

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

Result<void> reap_machine(ReapContext& context, const LeftResource& left) {
  const size_t mark = left.name.rfind('#');
  if (mark == std::string::npos) return invalid_input("not the name of a vSphere machine");
  const std::string path = left.name.substr(0, mark);
  const std::string tag = left.name.substr(mark + 1);
  const std::unique_ptr<Session> session = TRY(connect(context));
  Reference machine{"VirtualMachine", left.id};
  if (left.id.empty()) {
    // Whether it was made is not known; by that name it is ours only with our tag.
    const std::optional<Reference> found = TRY(find_marked(*session, path, tag, context.cancel));
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
