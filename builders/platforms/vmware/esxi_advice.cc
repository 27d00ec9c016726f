#include "builders/platforms/vmware/esxi_advice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

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

std::string esxi_advice(const value::Value& config, const std::string& build_name) {
  Findings ignored;
  const ConfigReader reader(config, ignored);
  // What the API needs no more, or has in another way.
  std::vector<std::string> needless;
  for (const char* name : {"remote_port", "remote_private_key_file", "remote_output_directory"}) {
    if (!reader.string(name).empty()) needless.emplace_back(name);
  }
  if (reader.boolean("skip_validate_credentials")) needless.emplace_back("skip_validate_credentials");
  std::string given = reader.string("remote_type");
  given = given.empty() ? std::string() : "remote_type = " + quoted(given);
  for (const char* name : {"remote_host", "remote_username", "remote_password", "remote_datastore",
                           "remote_cache_datastore", "remote_cache_directory",
                           "cleanup_remote_cache"}) {
    const std::string text = reader.string(name);
    if (!text.empty() && text != "false" && given.empty()) given = name;
  }
  if (given.empty() && !needless.empty()) given = needless.front();
  if (given.empty()) return {};
  std::string block = fmt::format("source \"vsphere-iso\" {} {{\n", quoted(build_name));
  const auto line = [&](const char* name, const std::string& text) {
    block += fmt::format("  {} = {}\n", name, text);
  };
  const auto copy = [&](const char* from, const char* to) {
    if (const std::string text = reader.string(from); !text.empty()) line(to, quoted(text));
  };
  const auto copy_or = [&](const char* from, const char* to, const char* other) {
    const std::string text = reader.string(from);
    line(to, quoted(text.empty() ? other : text));
  };
  copy_or("remote_host", "vcenter_server", "<server>");
  copy_or("remote_username", "username", "root");
  line("password", "\"<remote_password>\"");
  line("host", "\"<name of the ESXi host>\"");
  copy_or("remote_datastore", "datastore", "datastore1");
  copy("remote_cache_datastore", "remote_cache_datastore");
  copy("remote_cache_directory", "remote_cache_path");
  if (reader.boolean("cleanup_remote_cache")) line("remote_cache_cleanup", "true");
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
      "{} is no longer supported: the VMware desktop builders build on this machine only. For an "
      "ESXi host or vCenter server use the vsphere-iso builder; the same machine is about:\n\n{}{}",
      given, block,
      needless.empty() ? std::string()
                       : fmt::format("\nIt has no use for {}.\n", fmt::join(needless, ", ")));
}

}  // namespace farm::builders::vmware
