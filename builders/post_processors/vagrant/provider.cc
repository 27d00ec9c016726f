#include "builders/post_processors/vagrant/provider.h"

#include "builders/post_processors/vagrant/provider_names.h"

namespace farm::builders::post_processor_vagrant {
namespace {

constexpr Provider kProviders[] = {
    {"aws", "aws", true, make_aws_box},
    {"azure", "azure", true, make_azure_box},
    {"digitalocean", "digital_ocean", true, make_digitalocean_box},
    {"docker", "docker", false, make_docker_box},
    {"file", "file", false, make_flat_box},
    {"google", "google", true, make_google_box},
    {"hyperv", "hyperv", false, make_hyperv_box},
    {"libvirt", "libvirt", false, make_libvirt_box},
    {"lxc", "lxc", false, make_lxc_box},
    {"parallels", "parallels", false, make_parallels_box},
    {"scaleway", "scaleway", true, make_scaleway_box},
    {"virtualbox", "virtualbox", false, make_virtualbox_box},
    {"vmware", "vmware_desktop", false, make_flat_box},
};
static_assert(std::size(kProviders) == std::size(kProviderNames));

struct Origin {
  const char* builder_id;
  const char* provider;
};
constexpr Origin kOrigins[] = {
    {"mitchellh.amazonebs", "aws"},
    {"mitchellh.amazon.instance", "aws"},
    {"Azure.ResourceManagement.VMImage", "azure"},
    {"pearkes.digitalocean", "digitalocean"},
    {"packer.post-processor.docker-import", "docker"},
    {"packer.post-processor.docker-tag", "docker"},
    {"packer.post-processor.docker-push", "docker"},
    {"packer.file", "file"},
    {"packer.googlecompute", "google"},
    {"MSOpenTech.hyperv", "hyperv"},
    {"transcend.qemu", "libvirt"},
    {"ustream.lxc", "lxc"},
    {"packer.parallels", "parallels"},
    {"hashicorp.scaleway", "scaleway"},
    {"mitchellh.virtualbox", "virtualbox"},
    {"vmware.desktop", "vmware"},
    {"mitchellh.vmware", "vmware"},
    {"mitchellh.vmware-esx", "vmware"},
};

}  // namespace

const Provider* provider_by_name(const std::string& name) {
  for (const Provider& provider : kProviders) {
    if (name == provider.name) return &provider;
  }
  return nullptr;
}

const Provider* provider_of(const std::string& builder_id) {
  for (const Origin& origin : kOrigins) {
    if (builder_id == origin.builder_id) return provider_by_name(origin.provider);
  }
  return nullptr;
}

std::string ruby_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '#') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string provider_block(const std::string& provider, const std::string& settings,
                           const std::vector<std::string>& lines) {
  std::string text = "Vagrant.configure(\"2\") do |config|\n  config.vm.provider :" + provider +
                     " do |" + settings + "|\n";
  for (const std::string& line : lines) text += "    " + settings + "." + line + "\n";
  return text + "  end\nend\n";
}

}  // namespace farm::builders::post_processor_vagrant
