#include "agent/probe/probe.h"

#include <algorithm>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::agent {
namespace {

// Programs without which a component cannot work; components that are not listed need none.
struct Need {
  const char* component;
  const char* program;
};
constexpr Need kNeeds[] = {
    {"qemu", "qemu-img"},
    {"ansible", "ansible-playbook"},
};

bool works_here(const std::string& component, const Environment& environment) {
  if (component == "qemu" && !io::find_program("qemu-system-x86_64", environment) &&
      !io::find_program("qemu-kvm", environment)) {
    return false;
  }
  // podman needs no daemon; templates for it say docker_path.
  if (component == "docker" && !io::exists("/var/run/docker.sock") &&
      !environment.get("DOCKER_HOST") && !io::find_program("podman", environment)) {
    return false;
  }
  return std::all_of(std::begin(kNeeds), std::end(kNeeds), [&](const Need& need) {
    return component != need.component || io::find_program(need.program, environment);
  });
}

std::vector<std::string> working(const std::vector<std::string>& types,
                                 const Environment& environment) {
  std::vector<std::string> list;
  for (const std::string& type : types) {
    if (works_here(type, environment)) list.push_back(type);
  }
  return list;
}

}  // namespace

wire::Hello probe_machine(const builders::Registry& registry, const Environment& environment,
                          const std::string& disk) {
  wire::Hello hello;
  const Result<std::string> boot = io::read_file("/proc/sys/kernel/random/boot_id", 256);
  if (boot) hello.boot_id = boot->substr(0, boot->find('\n'));
  hello.builders = working(registry.builder_types(), environment);
  hello.provisioners = working(registry.provisioner_types(), environment);
  hello.post_processors = working(registry.post_processor_types(), environment);
  hello.cpus = static_cast<uint32_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  hello.memory_bytes = static_cast<uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES))) *
                       static_cast<uint64_t>(std::max(0L, ::sysconf(_SC_PAGESIZE)));
  struct statvfs status {};
  if (::statvfs(disk.c_str(), &status) == 0) {
    hello.disk_bytes = uint64_t{status.f_bavail} * status.f_frsize;
  }
  return hello;
}

}  // namespace farm::agent
