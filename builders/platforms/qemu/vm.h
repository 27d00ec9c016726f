// Vm: what the steps of one qemu build find out and share: paths, ports, the running machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builders/platforms/qemu/driver.h"
#include "builders/platforms/qemu/qmp.h"
#include "builders/platforms/qemu/screen.h"
#include "builders/steps/port_range.h"
#include "common/base/secret.h"

namespace farm::builders::platform_qemu {

/// Paths are as the template has them: relative ones count from the job's working directory, where
/// qemu and qemu-img run.
struct Vm {
  std::string accelerator;
  bool headless = false;
  std::string iso;  // path, or a URL with iso_skip_cache
  std::string floppy;
  std::string cd;
  std::vector<std::string> disks;
  std::string efi_vars;
  std::string tpm_socket;
  uint16_t host_port = 0;  // on this machine, forwarded to the guest; 0: none
  uint16_t guest_port = 0;
  uint16_t vnc_port = 0;
  Secret vnc_password;
  std::optional<steps::PortReservation> host_reservation;
  std::optional<steps::PortReservation> vnc_reservation;
  std::unique_ptr<Machine> machine;
  std::unique_ptr<QmpClient> monitor;
  ScreenCamera camera;
};

}  // namespace farm::builders::platform_qemu
