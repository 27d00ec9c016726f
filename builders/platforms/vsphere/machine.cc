#include "builders/platforms/vsphere/machine.h"

namespace farm::builders::vsphere {

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

}  // namespace farm::builders::vsphere
