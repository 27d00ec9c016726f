#include "builders/platforms/vmware/esxi_advice.h"

#include <fmt/format.h>

#include "builders/core/config.h"

namespace farm::builders::vmware {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string esxi_advice(const value::Value& config, const std::string& remote_type,
                        const std::string& build_name) {
  Findings ignored;
  const ConfigReader reader(config, ignored);
  std::string block = fmt::format("source \"vsphere-iso\" {} {{\n", quoted(build_name));
  const auto line = [&](const char* name, const std::string& text) {
    block += fmt::format("  {} = {}\n", name, text);
  };
  const auto copy = [&](const char* from, const char* to) {
    if (const std::string text = reader.string(from); !text.empty()) line(to, quoted(text));
  };
  line("vcenter_server", "\"<remote_host>\"");
  line("username", "\"<remote_username>\"");
  line("password", "\"<remote_password>\"");
  line("host", "\"<name of the ESXi host>\"");
  line("datastore", "\"<remote_datastore>\"");
  copy("vm_name", "vm_name");
  copy("guest_os_type", "guest_os_type");
  if (const int64_t cpus = reader.integer("cpus"); cpus > 0) line("CPUs", fmt::format("{}", cpus));
  if (const int64_t memory = reader.integer("memory"); memory > 0) {
    line("RAM", fmt::format("{}", memory));
  }
  copy("firmware", "firmware");
  const std::string disk = reader.string("disk_adapter_type");
  if (!disk.empty()) line("disk_controller_type", "[" + quoted(disk) + "]");
  block += fmt::format("  storage {{\n    disk_size = {}\n  }}\n",
                       std::max<int64_t>(reader.integer("disk_size", 40000), 1));
  const std::string card = reader.string("network_adapter_type");
  const std::string network = reader.string("network_name");
  block += fmt::format("  network_adapters {{\n    network_card = {}\n    network = {}\n  }}\n",
                       quoted(card.empty() ? "vmxnet3" : card),
                       quoted(network.empty() ? "<port group>" : network));
  copy("iso_url", "iso_url");
  copy("iso_checksum", "iso_checksum");
  copy("ssh_username", "ssh_username");
  copy("shutdown_command", "shutdown_command");
  block += "}\n";
  return fmt::format(
      "remote_type = \"{}\" is no longer supported: the VMware desktop builders build on this "
      "machine only. For an ESXi host or vCenter server use the vsphere-iso builder; the same "
      "machine is about:\n\n{}",
      remote_type, block);
}

}  // namespace farm::builders::vmware
