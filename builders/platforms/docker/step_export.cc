#include "builders/platforms/docker/step_export.h"

#include "common/io/files.h"

namespace farm::builders::platform_docker {

Result<void> Export::run(BuildContext& context) {
  const std::string path = resolve_path(context, config_->export_path);
  TRY(io::make_directories(io::parent_path(path)));
  context.ui.say("Exporting the container");
  TRY(file_.intend(context, path));
  const Result<void> exported =
      container_->cli.to_file({"export", container_->id}, path, context.cancel);
  if (!exported) return exported.error().within("Error exporting container");
  done_ = true;
  return {};
}

Result<void> Export::cleanup(BuildContext& context) {
  const bool is_artifact = done_ && !context.failure;
  return is_artifact ? file_.keep(context) : file_.remove(context);
}

}  // namespace farm::builders::platform_docker
