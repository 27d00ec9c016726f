// Media of the machine: images brought to a datastore, CD drives and a floppy drive that hold them.
#pragma once

#include <optional>

#include "builders/core/step.h"
#include "builders/steps/iso_options.h"
#include "builders/platforms/vsphere/machine.h"
#include "builders/platforms/vsphere/options.h"
#include "builders/platforms/vsphere/remote_cache.h"

namespace farm::builders::vsphere {

/// Downloads the ISO unless the remote cache has it already.
class FetchIso final : public Step {
 public:
  FetchIso(const MachineOptions& options, steps::IsoOptions iso, RemoteCache cache,
           Machine& machine)
      : options_(&options), iso_(std::move(iso)), cache_(std::move(cache)), machine_(&machine) {}
  std::string_view name() const override { return "download"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  steps::IsoOptions iso_;
  RemoteCache cache_;
  Machine* machine_;
};

/// The ISO and the CD image go to the remote cache; the CD image leaves it again.
class UploadImages final : public Step {
 public:
  UploadImages(const MachineOptions& options, RemoteCache cache, Machine& machine)
      : options_(&options), cache_(std::move(cache)), machine_(&machine) {}
  std::string_view name() const override { return "upload_images"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<void> upload_iso(BuildContext& context, const DatastoreFiles& files);
  Result<void> put_in_place(BuildContext& context, const DatastoreFiles& files,
                            const std::string& part);
  Result<void> upload_cd(BuildContext& context, const DatastoreFiles& files);
  const MachineOptions* options_;
  RemoteCache cache_;
  Machine* machine_;
  std::optional<DatastoreFiles> files_;
  std::string cd_path_;
  std::optional<uint64_t> cd_intent_;
  bool uploaded_iso_ = false;
};

/// CD drives: the ISO, iso_paths, the CD image.
class AddCdDrives final : public Step {
 public:
  AddCdDrives(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "add_cd_drives"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<std::string> resolved(BuildContext& context, const std::string& iso_path) const;
  const MachineOptions* options_;
  Machine* machine_;
};

class AddFloppy final : public Step {
 public:
  AddFloppy(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "add_floppy"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Result<void> attach(BuildContext& context, const std::string& image);
  const MachineOptions* options_;
  Machine* machine_;
  std::string uploaded_;  // "[datastore] path"
  std::optional<uint64_t> intent_;
};

}  // namespace farm::builders::vsphere
