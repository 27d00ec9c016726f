// ExportedMachine: brings a machine's disks to this host through an NFC lease and writes the OVF
// descriptor and the manifest beside them.
#pragma once

#include <string>
#include <vector>

#include "builders/core/communicator.h"
#include "builders/steps/vsphere/inventory.h"

namespace farm::builders::vsphere {

struct ExportRequest {
  Reference machine;
  std::string directory;  // absolute, exists
  std::string name;       // of the files
  bool image_files = false;
  std::string manifest = "sha256";  // none sha1 sha256 sha512
  std::vector<std::string> options;
};

/// Absolute paths of the files: the disks, <name>.ovf, and <name>.mf unless manifest is none.
/// `progress` sees bytes over all disks. The lease is completed, or aborted on any failure.
Result<std::vector<std::string>> export_machine(Session& session, const ExportRequest& request,
                                                const ProgressSink& progress,
                                                const CancelToken& cancel);

}  // namespace farm::builders::vsphere
