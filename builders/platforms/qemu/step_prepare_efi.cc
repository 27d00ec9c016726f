#include "builders/platforms/qemu/step_prepare_efi.h"

#include <sys/stat.h>

#include "common/io/files.h"

namespace farm::builders::platform_qemu {

Result<void> PrepareEfi::run(BuildContext& context) {
  if (!config_->efi.enabled) return {};
  const std::string source = resolve_path(context, config_->efi.vars);
  vm_->efi_vars = config_->output_directory + "/efivars.fd";
  const std::string target = resolve_path(context, vm_->efi_vars);
  const Result<void> copied = io::copy_file(source, target, context.cancel);
  if (!copied) return copied.error().within("efi_firmware_vars");
  ::chmod(target.c_str(), 0660);
  return {};
}

}  // namespace farm::builders::platform_qemu
