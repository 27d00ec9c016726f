#include "builders/platforms/docker/step_prepare_folder.h"

#include "common/io/files.h"

namespace farm::builders::platform_docker {

Result<void> PrepareFolder::run(BuildContext& context) {
  context.ui.say("Creating a temporary directory for sharing data...");
  // PACKER_TMP_DIR is for daemons that see only a part of this machine's folders.
  const std::optional<std::string> parent = context.environment.get("PACKER_TMP_DIR");
  const std::string folder =
      (parent ? *parent : context.temp_directory) + "/packer-" + context.random.word(10);
  TRY(folder_.intend(context, folder));
  TRY(io::make_directories(folder, 0700));
  container_->host_folder = folder;
  return {};
}

Result<void> PrepareFolder::cleanup(BuildContext& context) {
  return folder_.remove(context);
}

}  // namespace farm::builders::platform_docker
