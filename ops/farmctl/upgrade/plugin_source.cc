#include "ops/farmctl/upgrade/plugin_source.h"

#include <array>
#include <string_view>

namespace farm::farmctl {
namespace {

using plan::ComponentKind;

struct Row {
  std::string_view plugin;   // also the beginning of its components' names
  std::string_view address;
};

constexpr std::array kRows = {
    Row{"alicloud", "github.com/hashicorp/alicloud"},
    Row{"amazon", "github.com/hashicorp/amazon"},
    Row{"ansible", "github.com/hashicorp/ansible"},
    Row{"azure", "github.com/hashicorp/azure"},
    Row{"chef", "github.com/hashicorp/chef"},
    Row{"cloudstack", "github.com/hashicorp/cloudstack"},
    Row{"converge", "github.com/hashicorp/converge"},
    Row{"digitalocean", "github.com/digitalocean/digitalocean"},
    Row{"docker", "github.com/hashicorp/docker"},
    Row{"googlecompute", "github.com/hashicorp/googlecompute"},
    Row{"hcloud", "github.com/hetznercloud/hcloud"},
    Row{"hyperone", "github.com/hashicorp/hyperone"},
    Row{"hyperv", "github.com/hashicorp/hyperv"},
    Row{"inspec", "github.com/hashicorp/inspec"},
    Row{"jdcloud", "github.com/hashicorp/jdcloud"},
    Row{"linode", "github.com/linode/linode"},
    Row{"lxc", "github.com/hashicorp/lxc"},
    Row{"lxd", "github.com/hashicorp/lxd"},
    Row{"ncloud", "github.com/hashicorp/ncloud"},
    Row{"oneandone", "github.com/hashicorp/oneandone"},
    Row{"openstack", "github.com/hashicorp/openstack"},
    Row{"oracle", "github.com/hashicorp/oracle"},
    Row{"outscale", "github.com/outscale/outscale"},
    Row{"parallels", "github.com/parallels/parallels"},
    Row{"profitbricks", "github.com/hashicorp/profitbricks"},
    Row{"proxmox", "github.com/hashicorp/proxmox"},
    Row{"puppet", "github.com/hashicorp/puppet"},
    Row{"qemu", "github.com/hashicorp/qemu"},
    Row{"salt", "github.com/hashicorp/salt"},
    Row{"scaleway", "github.com/scaleway/scaleway"},
    Row{"tencentcloud", "github.com/hashicorp/tencentcloud"},
    Row{"triton", "github.com/joyent/triton"},
    Row{"ucloud", "github.com/ucloud/ucloud"},
    Row{"vagrant", "github.com/hashicorp/vagrant"},
    Row{"virtualbox", "github.com/hashicorp/virtualbox"},
    Row{"vmware", "github.com/hashicorp/vmware"},
    Row{"vsphere", "github.com/hashicorp/vsphere"},
    Row{"vultr", "github.com/vultr/vultr"},
    Row{"yandex", "github.com/hashicorp/yandex"},
};

}  // namespace

std::optional<PluginSource> plugin_source(ComponentKind, const std::string& type) {
  for (const Row& row : kRows) {
    const bool whole = type == row.plugin;
    const bool part = type.starts_with(row.plugin) && type.size() > row.plugin.size() &&
                      type[row.plugin.size()] == '-';
    if (whole || part) {
      return PluginSource{std::string(row.plugin), std::string(row.address), "~> 1"};
    }
  }
  return std::nullopt;
}

}  // namespace farm::farmctl
