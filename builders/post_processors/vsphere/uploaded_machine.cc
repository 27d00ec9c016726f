#include "builders/post_processors/vsphere/uploaded_machine.h"

#include <fmt/format.h>

#include "builders/steps/vsphere/destroy.h"
#include "builders/steps/vsphere/inventory.h"

namespace farm::builders::post_processor_vsphere {
namespace {

using vsphere::Inventory;
using vsphere::Reference;
using vsphere::Session;

struct Looked {
  std::unique_ptr<Session> session;
  std::string path;
  std::optional<Reference> machine;
};

Result<Looked> look(const Config& config, const CancelToken& cancel) {
  vsphere::ConnectOptions options;
  options.server = config.host;
  options.username = config.username;
  options.password = config.password;
  options.insecure = config.insecure;
  Looked looked;
  looked.session = TRY(Session::open(options, cancel));
  const Inventory inventory = TRY(Inventory::open(*looked.session, config.datacenter, cancel));
  looked.path = inventory.datacenter_path() + "/vm/" +
                (config.vm_folder.empty() ? "" : config.vm_folder + "/") + config.vm_name;
  looked.machine = TRY(inventory.find("vm", looked.path, cancel));
  return looked;
}

}  // namespace

Result<void> UploadedMachine::announce(BuildContext& context) {
  const Result<Looked> looked = look(config_, context.cancel);
  if (!looked) {
    context.ui.message("The server could not be asked what it has, so what a killed upload leaves "
                       "there is not written down: " + looked.error().message);
    return {};
  }
  if (looked->machine && !config_.overwrite) {
    return conflict(fmt::format("{} exists already; overwrite = true replaces it", looked->path));
  }
  if (!looked->machine) intent_ = TRY(context.ledger.intend(kUploadKind, looked->path));
  return {};
}

Result<void> UploadedMachine::keep(BuildContext& context) {
  if (!intent_) return {};
  const Result<Looked> looked = look(config_, context.cancel);
  if (looked && looked->machine) TRY(context.ledger.bound(*intent_, looked->machine->id));
  return context.ledger.keep(*intent_);
}

Result<void> UploadedMachine::remove(BuildContext& context) {
  if (!intent_) return {};
  const CancelToken never;
  const Looked looked = TRY(look(config_, never));
  if (looked.machine) TRY(vsphere::destroy_machine(*looked.session, *looked.machine, never));
  return context.ledger.gone(*intent_);
}

Result<void> reap_upload(ReapContext& context, const LeftResource& left) {
  const value::Value* given = context.config_of({"vsphere"});
  if (given == nullptr) return invalid_input("the job has no vsphere post-processor to log in with");
  Findings findings;
  const Config config = decode(*given, findings);
  if (!findings.ok()) return invalid_input(findings.text());
  const Looked looked = TRY(look(config, context.cancel));
  if (!left.id.empty()) {
    return vsphere::destroy_machine(*looked.session, {"VirtualMachine", left.id}, context.cancel);
  }
  // Nothing was there when the upload began.
  if (!looked.machine || looked.path != left.name) return {};
  return vsphere::destroy_machine(*looked.session, *looked.machine, context.cancel);
}

}  // namespace farm::builders::post_processor_vsphere
