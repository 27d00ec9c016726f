#include "common/template/json/fix_rules.h"

#include <array>

namespace farm::json {
namespace {

constexpr FixKind kBuilder = FixKind::Builder;
constexpr FixKind kProvisioner = FixKind::Provisioner;
constexpr FixKind kPost = FixKind::PostProcessor;

constexpr FixRule rename(std::string_view fixer, FixKind kind, std::string_view types,
                         std::string_view old_key, std::string_view new_key, bool on_read = true) {
  return {fixer, kind, types, old_key, new_key, nullptr, on_read};
}
constexpr FixRule custom(std::string_view fixer, FixKind kind, std::string_view types,
                         std::string_view old_key, std::string_view new_key,
                         void (*function)(FixTarget&, const FixRule&), bool on_read = true) {
  return {fixer, kind, types, old_key, new_key, function, on_read};
}

constexpr std::array kRules = {
    custom("iso-md5", kBuilder, "", "iso_md5", "iso_checksum", fix_iso_md5),
    custom("createtime", kBuilder, "", "", "", fix_create_time),
    custom("virtualbox-gaattach", kBuilder, "virtualbox virtualbox-iso", "guest_additions_attach",
           "guest_additions_mode", fix_guest_additions),
    custom("pp-vagrant-override", kPost, "vagrant", "", "override", fix_vagrant_override),
    custom("virtualbox-rename", kBuilder, "virtualbox", "virtualbox", "virtualbox-iso",
           fix_builder_type),
    custom("vmware-rename", kBuilder, "vmware", "vmware", "vmware-iso", fix_builder_type),
    rename("parallels-headless", kBuilder, "parallels-iso parallels-pvm", "headless", ""),
    rename("parallels-deprecations", kBuilder, "parallels-iso parallels-pvm",
           "parallels_tools_host_path", ""),
    custom("parallels-deprecations", kBuilder, "parallels-iso parallels-pvm",
           "guest_os_distribution", "guest_os_type", fix_rename_over),
    rename("sshkeypath", kBuilder, "", "ssh_key_path", "ssh_private_key_file"),
    rename("sshdisableagent", kBuilder, "", "ssh_disable_agent", "ssh_disable_agent_forwarding"),
    rename("scaleway-access-key", kBuilder, "scaleway", "access_key", "organization_id"),
    rename("manifest-filename", kPost, "manifest", "filename", "output"),
    rename("amazon-shutdown_behavior", kBuilder, "amazon-*", "shutdown_behaviour",
           "shutdown_behavior"),
    rename("amazon-enhanced-networking", kBuilder, "amazon-*", "enhanced_networking",
           "ena_support"),
    custom("amazon-private-ip", kBuilder, "amazon-*", "ssh_private_ip", "ssh_interface",
           fix_private_ip),
    custom("amazon-temp-sec-cidrs", kBuilder, "amazon-*", "temporary_security_group_source_cidr",
           "temporary_security_group_source_cidrs", fix_to_list),
    rename("docker-email", kBuilder, "", "login_email", ""),
    rename("docker-email", kPost, "", "login_email", ""),
    custom("docker-tag-tags", kPost, "docker-tag", "tag", "tags", fix_docker_tag, false),
    custom("powershell-escapes", kProvisioner, "powershell", "", "", fix_powershell_escapes,
           false),
    custom("vmware-compaction", kBuilder, "vmware-iso", "", "skip_compaction",
           fix_vmware_compaction, false),
    rename("hyperv-deprecations", kBuilder, "hyperv-iso hyperv-vmcx", "vhd_temp_path", ""),
    rename("hyperv-vmxc-typo", kBuilder, "hyperv-vmcx", "clone_from_vmxc_path",
           "clone_from_vmcx_path"),
    custom("hyperv-cpu-and-ram", kBuilder, "hyperv-iso hyperv-vmcx", "cpu", "cpus",
           fix_rename_over),
    custom("hyperv-cpu-and-ram", kBuilder, "hyperv-iso hyperv-vmcx", "ram_size", "memory",
           fix_rename_over),
    custom("clean-image-name", kBuilder, "", "", "clean_resource_name", fix_clean_name),
    rename("spot-price-auto-product", kBuilder,
           "amazon-ebs amazon-ebssurrogate amazon-ebsvolume amazon-instance",
           "spot_price_auto_product", "", false),
    custom("qemu-disk-size", kBuilder, "qemu", "disk_size", "", fix_qemu_disk_size, false),
    rename("galaxy-command", kProvisioner, "ansible-local", "galaxycommand", "galaxy_command"),
    rename("comm-config", kBuilder, "virtualbox-*", "ssh_host_port_min", "host_port_min", false),
    rename("comm-config", kBuilder, "virtualbox-*", "ssh_host_port_max", "host_port_max", false),
    rename("comm-config", kBuilder, "virtualbox-*", "ssh_skip_nat_mapping", "skip_nat_mapping",
           false),
    rename("ssh-wait-timeout", kBuilder, "", "ssh_wait_timeout", "ssh_timeout", false),
    custom("vsphere-iso-net-disk", kBuilder, "vsphere-iso", "network", "network_adapters",
           fix_vsphere_network),
    custom("vsphere-iso-net-disk", kBuilder, "vsphere-iso", "disk_size", "storage",
           fix_vsphere_disk),
    custom("iso-checksum-type-and-url", kBuilder, "", "iso_checksum_type", "iso_checksum",
           fix_iso_checksum),
    custom("qemu-host-port", kBuilder, "qemu", "ssh_host_port_min", "host_port_min",
           fix_rename_over, false),
    custom("qemu-host-port", kBuilder, "qemu", "ssh_host_port_max", "host_port_max",
           fix_rename_over, false),
    custom("azure-exclude_from_latest", kBuilder, "azure-*", "exlude_from_latest",
           "exclude_from_latest", fix_azure_latest, false),
    custom("proxmox-type", kBuilder, "proxmox", "proxmox", "proxmox-iso", fix_builder_type),
};

}  // namespace

std::span<const FixRule> fix_rules() { return kRules; }

}  // namespace farm::json
