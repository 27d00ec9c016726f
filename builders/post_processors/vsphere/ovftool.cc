#include "builders/post_processors/vsphere/ovftool.h"

#include <fmt/format.h>

#include "common/net/http/client.h"

namespace farm::builders::post_processor_vsphere {
namespace {

// A path keeps its slashes.
std::string encoded_path(const std::string& path) {
  std::string out;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (begin != 0) out += '/';
    out += net::percent_encode(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::string ovftool_target(const Config& config) {
  std::string target = fmt::format("vi://{}@{}/{}/host/{}", net::percent_encode(config.username),
                                   config.host, encoded_path(config.datacenter),
                                   encoded_path(config.cluster));
  if (!config.esxi_host.empty()) target += "/" + net::percent_encode(config.esxi_host);
  if (!config.resource_pool.empty()) target += "/Resources/" + encoded_path(config.resource_pool);
  return target;
}

std::vector<std::string> ovftool_arguments(const Config& config, const std::string& source) {
  std::vector<std::string> arguments = {"--acceptAllEulas", "--name=" + config.vm_name,
                                        "--datastore=" + config.datastore};
  if (config.insecure) arguments.push_back("--noSSLVerify=true");
  if (!config.disk_mode.empty()) arguments.push_back("--diskMode=" + config.disk_mode);
  if (!config.vm_folder.empty()) arguments.push_back("--vmFolder=" + config.vm_folder);
  if (!config.hardware_version.empty()) {
    arguments.push_back("--maxVirtualHardwareVersion=" + config.hardware_version);
  }
  if (!config.vm_network.empty()) arguments.push_back("--network=" + config.vm_network);
  if (config.overwrite) arguments.push_back("--overwrite");
  arguments.insert(arguments.end(), config.options.begin(), config.options.end());
  arguments.push_back(source);
  arguments.push_back(ovftool_target(config));
  return arguments;
}

}  // namespace farm::builders::post_processor_vsphere
