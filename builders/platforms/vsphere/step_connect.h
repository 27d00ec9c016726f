// The first steps: log in, find the places the template names, and clear the way when a machine of
// the same name is there already.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/vsphere/machine.h"
#include "builders/platforms/vsphere/options.h"

namespace farm::builders::vsphere {

class ConnectServer final : public Step {
 public:
  ConnectServer(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "connect_server"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

/// Keeps the session alive through what takes long without asking the server: provisioning.
class KeepSession final : public Step {
 public:
  explicit KeepSession(Machine& machine) : machine_(&machine) {}
  std::string_view name() const override { return "keep_session"; }
  Result<void> run(BuildContext&) override {
    keeper_ = std::make_unique<SessionKeeper>(*machine_->session);
    return {};
  }
  Result<void> cleanup(BuildContext&) override {
    keeper_.reset();
    return {};
  }

 private:
  Machine* machine_;
  std::unique_ptr<SessionKeeper> keeper_;
};

/// Folder, pool, host and datastores.
class FindPlace final : public Step {
 public:
  FindPlace(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "find_place"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<void> find_datastore(BuildContext& context);
  Result<void> choose_host(BuildContext& context);
  Result<void> recommended_datastore(BuildContext& context, const Reference& pod);
  const MachineOptions* options_;
  Machine* machine_;
};

class RemoveExisting final : public Step {
 public:
  RemoveExisting(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  std::string_view name() const override { return "remove_existing"; }
  Result<void> run(BuildContext& context) override;

 private:
  const MachineOptions* options_;
  Machine* machine_;
};

/// What CreateVm and CloneVm share: the machine is in the ledger before it exists, and goes away
/// unless the build succeeded and wants to keep it.
class MachineStep : public Step {
 public:
  MachineStep(const MachineOptions& options, Machine& machine)
      : options_(&options), machine_(&machine) {}
  Result<void> run(BuildContext& context) final;
  Result<void> cleanup(BuildContext& context) final;

 protected:
  /// Creates the machine and gives its reference.
  virtual Result<Reference> create(BuildContext& context) = 0;
  const MachineOptions& options() const { return *options_; }
  Machine& machine() const { return *machine_; }

 private:
  const MachineOptions* options_;
  Machine* machine_;
  std::optional<uint64_t> intent_;
};

}  // namespace farm::builders::vsphere
