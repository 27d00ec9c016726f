// The names that provider_override and override take.
#pragma once

namespace farm::builders::post_processor_vagrant {

inline constexpr const char* kProviderNames[] = {
    "aws",     "azure", "digitalocean", "docker",   "file",       "google", "hyperv",
    "libvirt", "lxc",   "parallels",    "scaleway", "virtualbox", "vmware"};

}  // namespace farm::builders::post_processor_vagrant
