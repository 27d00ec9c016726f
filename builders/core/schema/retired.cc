#include "builders/core/schema/retired.h"

#include <array>

namespace farm::builders {
namespace {

using plan::ComponentKind;

struct Retired {
  ComponentKind kind;
  std::string_view name;
  std::string_view advice;
};

constexpr std::string_view kParallels =
    "Parallels Desktop exists on macOS hosts only and farm has no builder for it: leave this "
    "build out with -except, or use qemu for the same guest.";
constexpr std::string_view kUtm =
    "UTM exists on macOS hosts only and farm has no component for it: use qemu for the same guest.";

constexpr std::array kRetired = {
    Retired{ComponentKind::Builder, "vmware", "It was renamed: use vmware-iso (`farmctl fix`)."},
    Retired{ComponentKind::Builder, "virtualbox",
            "It was renamed: use virtualbox-iso (`farmctl fix`)."},
    Retired{ComponentKind::Builder, "parallels", kParallels},
    Retired{ComponentKind::Builder, "parallels-iso", kParallels},
    Retired{ComponentKind::Builder, "parallels-ipsw", kParallels},
    Retired{ComponentKind::Builder, "parallels-macvm", kParallels},
    Retired{ComponentKind::Builder, "parallels-pvm", kParallels},
    Retired{ComponentKind::Builder, "utm-iso", kUtm},
    Retired{ComponentKind::Builder, "utm-utm", kUtm},
    Retired{ComponentKind::Builder, "arm-image",
            "It is a community builder: use qemu with disk_image, or a shell-local provisioner."},
    Retired{ComponentKind::Builder, "arm",
            "It is a community builder: use qemu with disk_image, or a shell-local provisioner."},
    Retired{ComponentKind::Builder, "azure-storage", "Use azure-arm."},
    Retired{ComponentKind::Builder, "googlecompute-export",
            "It is a post-processor: use post-processor googlecompute-export."},
    Retired{ComponentKind::Provisioner, "windows-update",
            "It is a community provisioner: use a powershell provisioner that installs the "
            "updates, followed by windows-restart."},
    Retired{ComponentKind::Provisioner, "goss",
            "It is a community provisioner: use a file provisioner for the goss file and a shell "
            "provisioner that runs `goss validate`."},
    Retired{ComponentKind::Provisioner, "comment",
            "It is a community provisioner: use shell-local with an echo command."},
    Retired{ComponentKind::Provisioner, "converge", "It was removed: use shell or ansible."},
    Retired{ComponentKind::Provisioner, "inspec",
            "It was removed: use shell-local and run inspec against build.Host."},
    Retired{ComponentKind::PostProcessor, "atlas",
            "Atlas was shut down: use vagrant-cloud or vagrant-registry for boxes."},
    Retired{ComponentKind::PostProcessor, "atlas-import", "Atlas was shut down: remove it."},
    Retired{ComponentKind::PostProcessor, "utm-vagrant", kUtm},
    Retired{ComponentKind::PostProcessor, "utm-zip", kUtm},
    Retired{ComponentKind::PostProcessor, "exoscale-import",
            "It was removed: use shell-local with the exo command."},
    Retired{ComponentKind::PostProcessor, "alicloud-import",
            "farm has no component for it: use shell-local with the aliyun command."},
    Retired{ComponentKind::DataSource, "sshkey",
            "It is a community data source: use temporary_key_pair_type, or ssh-keygen before the "
            "build and ssh_private_key_file."},
    Retired{ComponentKind::DataSource, "host-info",
            "It is a community data source: pass the facts as variables, e.g. "
            "PKR_VAR_os=$(uname -s)."},
};

}  // namespace

std::string_view retired_advice(ComponentKind kind, std::string_view name) {
  for (const Retired& retired : kRetired) {
    if (retired.kind == kind && retired.name == name) return retired.advice;
  }
  return {};
}

}  // namespace farm::builders
