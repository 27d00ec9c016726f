// CreateDisk: the machine's disks: new ones, the copy or overlay of a disk image, its resize.
#pragma once

#include "builders/core/step.h"
#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

/// qemu-img create for every disk; a copied image's first disk is left to CopyDisk.
class CreateDisk final : public Step {
 public:
  CreateDisk(const QemuConfig& config, Driver& driver, Vm& vm)
      : config_(&config), driver_(&driver), vm_(&vm) {}
  std::string_view name() const override { return "create_disk"; }
  Result<void> run(BuildContext& context) override;

 private:
  const QemuConfig* config_;
  Driver* driver_;
  Vm* vm_;
};

/// disk_image without backing file: a plain copy, or qemu-img convert to another format.
class CopyDisk final : public Step {
 public:
  CopyDisk(const QemuConfig& config, Driver& driver, Vm& vm)
      : config_(&config), driver_(&driver), vm_(&vm) {}
  std::string_view name() const override { return "copy_disk"; }
  Result<void> run(BuildContext& context) override;

 private:
  const QemuConfig* config_;
  Driver* driver_;
  Vm* vm_;
};

/// disk_image: grows the first disk to disk_size unless skip_resize_disk.
class ResizeDisk final : public Step {
 public:
  ResizeDisk(const QemuConfig& config, Driver& driver, Vm& vm)
      : config_(&config), driver_(&driver), vm_(&vm) {}
  std::string_view name() const override { return "resize_disk"; }
  Result<void> run(BuildContext& context) override;

 private:
  const QemuConfig* config_;
  Driver* driver_;
  Vm* vm_;
};

}  // namespace farm::builders::platform_qemu
