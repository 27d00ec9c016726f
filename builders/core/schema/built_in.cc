#include "builders/core/schema/built_in.h"

#include <algorithm>
#include <array>

namespace farm::builders {
namespace {

// One name a line.
constexpr auto kBuilders = std::to_array<std::string_view>({
    "null",
    "file",
    "qemu",
    "docker",
    "vsphere-iso",
    "vsphere-clone",
    "vmware-iso",
    "vmware-vmx",
    "proxmox-iso",
    "proxmox-clone",
    "proxmox",
});
constexpr auto kProvisioners = std::to_array<std::string_view>({
    "shell",
    "file",
    "shell-local",
    "ansible",
    "ansible-local",
    "chef-client",
    "chef-solo",
    "puppet-masterless",
    "puppet-server",
    "salt-masterless",
    "powershell",
    "windows-shell",
    "windows-restart",
    "breakpoint",
    "sleep",
    "hcp-sbom",
});
constexpr auto kPostProcessors = std::to_array<std::string_view>({
    "manifest",
    "checksum",
    "compress",
    "artifice",
    "vagrant",
    "vsphere",
    "vsphere-template",
    "shell-local",
    "docker-import",
    "docker-push",
    "docker-save",
    "docker-tag",
});
constexpr auto kDataSources = std::to_array<std::string_view>({
    "git-commit",
    "git-repository",
    "git-tree",
    "http",
    "null",
});

template <size_t Size>
bool contains(const std::array<std::string_view, Size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool is_built_in(plan::ComponentKind kind, std::string_view name) {
  switch (kind) {
    case plan::ComponentKind::Builder: return contains(kBuilders, name);
    case plan::ComponentKind::Provisioner: return contains(kProvisioners, name);
    case plan::ComponentKind::PostProcessor: return contains(kPostProcessors, name);
    case plan::ComponentKind::DataSource: return contains(kDataSources, name);
  }
  return false;
}

}  // namespace farm::builders
