#include "builders/steps/vsphere/destroy.h"

namespace farm::builders::vsphere {

Result<void> destroy_machine(Session& session, const Reference& ref,
                             const CancelToken& cancel) {
  const Result<ObjectProperties> found =
      retrieve(session, ref, {"runtime.powerState", "config.template", "runtime.host"}, cancel);
  if (!found) {
    if (found.error().code == ErrorCode::NotFound) return {};
    return found.error();
  }
  if (found->text("config.template") == "true") {
    const Reference host = found->value("runtime.host").reference();
    const ObjectProperties owner = TRY(retrieve(session, host, {"parent"}, cancel));
    const ObjectProperties compute =
        TRY(retrieve(session, owner.value("parent").reference(), {"resourcePool"}, cancel));
    TRY(session.call(
        ref, "MarkAsVirtualMachine",
        [&](XmlWriter& out) {
          out.reference("pool", compute.value("resourcePool").reference());
          out.reference("host", host);
        },
        cancel));
  }
  if (found->text("runtime.powerState") != "poweredOff") {
    const Result<XmlNode> off = run_task(session, ref, "PowerOffVM_Task", {}, cancel);
    if (!off && off.error().code != ErrorCode::Conflict) return off.error();
  }
  const Result<XmlNode> gone = run_task(session, ref, "Destroy_Task", {}, cancel);
  if (!gone && gone.error().code != ErrorCode::NotFound) return gone.error();
  return {};
}

}  // namespace farm::builders::vsphere
