// IsoConfig and CloneConfig: the options of vsphere-iso and vsphere-clone, decoded and checked.
#pragma once

#include "builders/platforms/vsphere/options.h"
#include "builders/platforms/vsphere/remote_cache.h"
#include "builders/steps/iso_options.h"

namespace farm::builders::vsphere {

struct CardOptions {
  std::string network;
  std::string card;
  std::string mac_address;
  bool passthrough = false;
};

struct IsoConfig {
  MachineOptions machine;
  steps::IsoOptions iso;  // no URL: the machine boots from iso_paths or the network
  RemoteCache cache;
  int64_t hardware_version = 0;  // 0: the newest of the host
  std::string guest_os_type = "otherGuest";
  std::vector<CardOptions> cards;
  std::vector<std::string> usb_controllers;  // "usb", "xhci"

  static IsoConfig decode(const value::Value& config, const PrepareContext& context,
                          Findings& findings);
};

struct LinuxCustomization {
  std::string domain;
  std::string host_name;
  bool hardware_clock_utc = true;
  std::string time_zone = "UTC";
};

struct WindowsCustomization {
  std::vector<std::string> run_once;
  std::optional<bool> auto_logon;
  int64_t auto_logon_count = 1;
  Secret admin_password;
  int64_t time_zone = 85;
  std::string workgroup;
  std::string computer_name;
  std::string full_name = "Administrator";
  std::string organization = "Built by Packer";
  std::string product_key;
};

struct CustomizedInterface {
  std::vector<std::string> dns_servers;
  std::string dns_domain;
  std::string ipv4_address;
  int64_t ipv4_netmask = 0;  // bits
  std::string ipv6_address;
  int64_t ipv6_netmask = 0;
};

struct Customization {
  std::optional<LinuxCustomization> linux_options;
  std::optional<WindowsCustomization> windows_options;
  std::string sysprep_file;
  std::string sysprep_text;
  std::vector<CustomizedInterface> interfaces;
  std::string ipv4_gateway;
  std::string ipv6_gateway;
  std::vector<std::string> dns_servers;
  std::vector<std::string> dns_suffixes;
};

struct CloneConfig {
  MachineOptions machine;
  std::string source;
  int64_t disk_size_mb = 0;
  bool linked = false;
  std::string network;
  std::string mac_address;
  std::map<std::string, std::string> vapp_properties;
  std::optional<Customization> customization;

  static CloneConfig decode(const value::Value& config, const PrepareContext& context,
                            Findings& findings);
};

}  // namespace farm::builders::vsphere
