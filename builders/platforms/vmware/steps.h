// The steps of a VMware desktop build and what they share.
#pragma once

#include <optional>

#include "builders/core/step.h"
#include "builders/platforms/vmware/config.h"
#include "builders/platforms/vmware/driver.h"
#include "builders/steps/port_range.h"

namespace farm::builders::vmware {

namespace resource {
inline constexpr const char* kRunning = "vmware-vm";  // a started machine; name: its VMX
}

struct Vm {
  std::string folder;  // absolute
  std::string vmx;     // absolute
  std::vector<std::string> disks;  // file names in the folder, the system disk first
  std::string iso;
  std::string floppy;
  std::string cd;
  std::string network = "nat";
  uint16_t vnc_port = 0;
  Secret vnc_password;
  std::string tools_iso;  // empty: none
  bool started = false;
};

struct Shared {
  const VmwareOptions* options;
  const Driver* driver;
  Vm* vm;
};

/// The ISO with VMware Tools, where one is wanted.
class FindTools final : public Step {
 public:
  explicit FindTools(Shared shared) : shared_(shared) {}
  std::string_view name() const override { return "find_tools"; }
  Result<void> run(BuildContext& context) override;

 private:
  Shared shared_;
};

class CreateDisks final : public Step {
 public:
  /// `first`: the system disk is made, too.
  CreateDisks(Shared shared, bool first) : shared_(shared), first_(first) {}
  std::string_view name() const override { return "create_disks"; }
  Result<void> run(BuildContext& context) override;

 private:
  Shared shared_;
  bool first_;
};

/// vmware-iso: a new VMX.
class WriteMachine final : public Step {
 public:
  WriteMachine(const VmwareIsoConfig& config, Shared shared) : config_(&config), shared_(shared) {}
  std::string_view name() const override { return "create_vmx"; }
  Result<void> run(BuildContext& context) override;

 private:
  const VmwareIsoConfig* config_;
  Shared shared_;
};

/// vmware-vmx: a clone of a machine, or what an OVF holds.
class CloneMachine final : public Step {
 public:
  CloneMachine(const VmwareVmxConfig& config, Shared shared) : config_(&config), shared_(shared) {}
  std::string_view name() const override { return "clone_vmx"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<void> import_ovf(BuildContext& context, const std::string& source);
  const VmwareVmxConfig* config_;
  Shared shared_;
};

/// Media, vmx_data and VNC.
class ConfigureMachine final : public Step {
 public:
  ConfigureMachine(Shared shared, bool additional_disks)
      : shared_(shared), additional_disks_(additional_disks) {}
  std::string_view name() const override { return "configure_vmx"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext&) override {
    port_.reset();
    return {};
  }

 private:
  Shared shared_;
  bool additional_disks_;
  std::optional<steps::PortReservation> port_;
};

class FindHostAddress final : public Step {
 public:
  explicit FindHostAddress(Shared shared) : shared_(shared) {}
  std::string_view name() const override { return "http_address"; }
  Result<void> run(BuildContext& context) override;

 private:
  Shared shared_;
};

class StartMachine final : public Step {
 public:
  explicit StartMachine(Shared shared) : shared_(shared) {}
  std::string_view name() const override { return "start_machine"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  Shared shared_;
  std::optional<uint64_t> intent_;
  Instant started_;
};

class TypeBootCommand final : public Step {
 public:
  explicit TypeBootCommand(Shared shared) : shared_(shared) {}
  std::string_view name() const override { return "boot_command"; }
  Result<void> run(BuildContext& context) override;

 private:
  Shared shared_;
};

class WaitGuestAddress final : public Step {
 public:
  explicit WaitGuestAddress(Shared shared) : shared_(shared) {}
  std::string_view name() const override { return "wait_address"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<std::string> look(BuildContext& context, const std::string& device);
  Shared shared_;
};

class UploadTools final : public Step {
 public:
  explicit UploadTools(Shared shared) : shared_(shared) {}
  std::string_view name() const override { return "upload_tools"; }
  Result<void> run(BuildContext& context) override;

 private:
  Shared shared_;
};

class ShutDown final : public Step {
 public:
  explicit ShutDown(Shared shared) : shared_(shared) {}
  std::string_view name() const override { return "shutdown"; }
  Result<void> run(BuildContext& context) override;

 private:
  Result<void> wait_until_off(BuildContext& context, Duration limit);
  Result<void> wait_for_locks(BuildContext& context);
  Shared shared_;
};

/// Superfluous files, disk space, media, vmx_data_post.
class CleanMachine final : public Step {
 public:
  explicit CleanMachine(Shared shared) : shared_(shared) {}
  std::string_view name() const override { return "clean_machine"; }
  Result<void> run(BuildContext& context) override;

 private:
  Shared shared_;
};

/// Snapshot and export.
class FinishMachine final : public Step {
 public:
  explicit FinishMachine(Shared shared) : shared_(shared) {}
  std::string_view name() const override { return "finish_machine"; }
  Result<void> run(BuildContext& context) override;

 private:
  Shared shared_;
};

}  // namespace farm::builders::vmware
