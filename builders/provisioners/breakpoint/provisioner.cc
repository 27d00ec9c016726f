#include "builders/core/config.h"
#include "builders/core/registry.h"

namespace farm::builders::provisioner_breakpoint {
namespace {

class BreakpointProvisioner final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    const ConfigReader reader(config, findings);
    disable_ = reader.boolean("disable");
    note_ = reader.string("note");
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    const std::string with_note = note_.empty() ? "" : " with note \"" + note_ + "\"";
    if (disable_) {
      context.ui.say("Breakpoint provisioner" + with_note + " disabled; continuing...");
      return {};
    }
    if (!context.ask) {
      return invalid_input(
          "breakpoint waits for Enter on a terminal, and there is none; set disable = true");
    }
    context.ui.say("Pausing at breakpoint provisioner" + with_note + ".");
    context.ask("Press enter to continue.");
    return context.cancel.check();
  }

 private:
  bool disable_ = false;
  std::string note_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("breakpoint", [] { return std::make_unique<BreakpointProvisioner>(); });
}

}  // namespace farm::builders::provisioner_breakpoint
