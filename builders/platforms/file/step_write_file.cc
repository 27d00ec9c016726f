#include "builders/platforms/file/step_write_file.h"

#include "common/io/files.h"

namespace farm::builders::platform_file {

Result<void> WriteFile::run(BuildContext& context) {
  const std::string target = resolve_path(context, config_.target);
  TRY(io::make_directories(io::parent_path(target)));
  if (config_.source.empty()) return io::write_file(target, config_.content, 0600);
  return io::copy_file(resolve_path(context, config_.source), target, context.cancel);
}

}  // namespace farm::builders::platform_file
