#include "builders/platforms/qemu/step_create_disk.h"

#include <fmt/format.h>

#include "common/io/files.h"

namespace farm::builders::platform_qemu {

Result<void> CreateDisk::run(BuildContext& context) {
  const std::string first = config_->output_directory + "/" + config_->vm_name;
  std::vector<std::string> sizes = {config_->disk.size};
  sizes.insert(sizes.end(), config_->disk.additional_sizes.begin(),
               config_->disk.additional_sizes.end());
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::string path = i == 0 ? first : fmt::format("{}-{}", first, i);
    vm_->disks.push_back(path);
    if (i == 0 && config_->disk_image && !config_->use_backing_file) continue;
    context.ui.say("Creating required virtual machine disks");
    std::vector<std::string> args = {"create", "-f", config_->disk.format};
    if (i == 0 && config_->use_backing_file) {
      // A relative backing file would be looked for beside the new disk.
      for (std::string part : {std::string("-b"), resolve_path(context, vm_->iso),
                               std::string("-F"), std::string("qcow2")}) {
        args.push_back(std::move(part));
      }
    }
    args.insert(args.end(), config_->qemu_img.create.begin(), config_->qemu_img.create.end());
    args.push_back(path);
    args.push_back(sizes[i]);
    const Result<void> created = driver_->qemu_img(context, args);
    if (!created) return created.error().within("Error creating hard drive");
  }
  return {};
}

Result<void> CopyDisk::run(BuildContext& context) {
  if (!config_->disk_image || config_->use_backing_file) return {};
  const std::string& target = vm_->disks.front();
  context.ui.say("Copying hard drive...");
  const bool plain =
      io::extension(vm_->iso) == config_->disk.format && config_->qemu_img.convert.empty();
  if (plain) {
    const std::string shown = io::base_name(target);
    const Result<void> copied =
        io::copy_file(resolve_path(context, vm_->iso), resolve_path(context, target),
                      context.cancel, [&](uint64_t done, uint64_t total) {
                        context.ui.progress(shown, done, total);
                      });
    if (!copied) return copied.error().within("Error copying hard drive");
    return {};
  }
  std::vector<std::string> args = {"convert"};
  args.insert(args.end(), config_->qemu_img.convert.begin(), config_->qemu_img.convert.end());
  for (const std::string& part : {std::string("-O"), config_->disk.format, vm_->iso, target}) {
    args.push_back(part);
  }
  const Result<void> converted = driver_->qemu_img(context, args);
  if (!converted) return converted.error().within("Error copying hard drive");
  return {};
}

Result<void> ResizeDisk::run(BuildContext& context) {
  if (!config_->disk_image || config_->disk.skip_resize) return {};
  context.ui.say("Resizing hard drive...");
  std::vector<std::string> args = {"resize", "-f", config_->disk.format};
  args.insert(args.end(), config_->qemu_img.resize.begin(), config_->qemu_img.resize.end());
  args.push_back(vm_->disks.front());
  args.push_back(config_->disk.size);
  const Result<void> resized = driver_->qemu_img(context, args);
  if (!resized) return resized.error().within("Error resizing disk image");
  return {};
}

}  // namespace farm::builders::platform_qemu
