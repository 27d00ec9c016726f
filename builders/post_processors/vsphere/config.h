// Options of the vsphere post-processor: uploads a machine to a vCenter server with ovftool.
#pragma once

#include <string>
#include <vector>

#include "builders/core/config.h"
#include "common/base/secret.h"

namespace farm::builders::post_processor_vsphere {

struct Config {
  std::string cluster;
  std::string datacenter;
  std::string datastore;  // of datastore or datastore_cluster
  std::string disk_mode = "thick";
  std::string host;
  std::string esxi_host;
  bool insecure = false;
  std::vector<std::string> options;
  bool overwrite = false;
  Secret password;
  std::string resource_pool;
  std::string username;
  std::string vm_folder;
  std::string vm_name;
  std::string vm_network;
  std::string hardware_version;
  int64_t max_retries = 5;
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::post_processor_vsphere
