// The qemu command line: defaults from the config and what the build found out, merged with the
// template's qemuargs. Pure, so that whole command lines are unit tests.
#pragma once

#include <string>
#include <vector>

#include "builders/platforms/qemu/config.h"
#include "builders/platforms/qemu/vm.h"

namespace farm::builders::platform_qemu {

/// Arguments after argv[0]. `overrides` are the rendered qemuargs: each replaces every default of
/// its flag and stands where that default stood; flags without default come last.
std::vector<std::string> command_line(const QemuConfig& config, const Vm& vm,
                                      const std::vector<std::vector<std::string>>& overrides);

/// Value of -smp.
std::string smp_option(const CpuOptions& cpu);

}  // namespace farm::builders::platform_qemu
