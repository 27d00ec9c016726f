// The choice of accelerator when the template names none: kvm only if it really runs a guest.
// /dev/kvm may exist and open, and still never execute an instruction (nested machines).
#pragma once

#include <string>

#include "builders/core/build_context.h"

namespace farm::builders::platform_qemu {

struct AcceleratorChoice {
  std::string name;    // "kvm" or "tcg"
  std::string reason;  // why not kvm; empty for kvm
};

/// Starts a guest of a few instructions under kvm with a deadline of 3 s; the outcome is kept in
/// the cache directory until the next boot.
AcceleratorChoice choose_accelerator(BuildContext& context, const std::string& qemu_binary);

/// A 64 KiB BIOS that enters protected mode, returns from an interrupt frame and ends qemu through
/// isa-debug-exit.
std::string probe_firmware();

}  // namespace farm::builders::platform_qemu
