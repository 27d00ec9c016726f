// Entry of the docker builder in the registry of components.
#include "builders/core/registry.h"
#include "builders/platforms/docker/builder.h"

namespace farm::builders::platform_docker {

void register_component(Registry& registry) {
  registry.add_builder("docker", [] { return std::make_unique<DockerBuilder>(); });
  registry.add_reaper(kContainerKind, reap_container);
  registry.add_reaper(kImageKind, reap_image);
}

}  // namespace farm::builders::platform_docker
