// What a finished machine becomes besides itself: a content library item, exported files; and the
// artifact that says so.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/vsphere/machine.h"
#include "builders/platforms/vsphere/options.h"
#include "common/artifact/artifact.h"

namespace farm::builders::vsphere {

/// content_library_destination.
class ImportToLibrary final : public Step {
 public:
  ImportToLibrary(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "import_to_library"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

/// export.
class ExportMachine final : public Step {
 public:
  ExportMachine(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "export"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<void> pack(BuildContext& context, const std::string& folder,
                    std::vector<std::string> parts);
  const MachineOptions* options_;
  Machine* machine_;
  std::vector<std::string> made_;  // absolute; removed when the build fails after all
  std::optional<uint64_t> intent_;
  bool made_folder_ = false;
};

/// The last step: from here on the machine is the artifact. Reads what the artifact tells of it.
class Complete final : public Step {
 public:
  explicit Complete(Machine& machine) : machine_(&machine) {}
  std::string_view name() const override { return "complete"; }
  Result<void> run(BuildContext& context) override;

 private:
  Machine* machine_;
};

artifact::Artifact make_artifact(const BuildContext& context, const MachineOptions& options,
                                 const Machine& machine);

}  // namespace farm::builders::vsphere
