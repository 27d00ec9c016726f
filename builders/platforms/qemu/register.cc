// Entry of the qemu builder in the registry of components.
#include "builders/core/registry.h"
#include "builders/platforms/qemu/builder.h"

namespace farm::builders::platform_qemu {

void register_component(Registry& registry) {
  registry.add_builder("qemu", [] { return std::make_unique<QemuBuilder>(); });
}

}  // namespace farm::builders::platform_qemu
