// Volumes: ISO files on a storage of the cluster.
#pragma once

#include <string>

#include "builders/platforms/proxmox/client.h"

namespace farm::builders::platform_proxmox {

/// `name` as the server stores it: other characters than letters, digits, _ . - become _.
std::string stored_name(const std::string& name);

/// Whether the upload is known to have come to its end.
enum class Upload { Done, Uncertain };

/// Deletes `volume` (STORAGE:iso/NAME) and sees that it is gone. Ok when it is not there; after an
/// uncertain upload it is looked for twice.
Result<void> remove_volume(Client& client, const std::string& node, const std::string& volume,
                           Upload upload, const CancelToken& cancel);

}  // namespace farm::builders::platform_proxmox
