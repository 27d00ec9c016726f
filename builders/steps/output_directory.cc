#include "builders/steps/output_directory.h"

#include <fmt/format.h>

#include "common/io/files.h"

namespace farm::builders::steps {
namespace {

constexpr int kRemoveTries = 5;
constexpr auto kRemovePause = std::chrono::seconds(2);

}  // namespace

Result<void> PrepareOutputDirectory::run(BuildContext& context) {
  const std::string path = resolve_path(context, directory_);
  if (io::exists(path)) {
    if (!context.force) {
      return conflict(fmt::format(
          "Output directory exists: {}\n\nUse the force flag to delete it prior to building.",
          directory_));
    }
    context.ui.say("Deleting previous output directory...");
    TRY(io::remove_tree(path));
  }
  TRY(tracked_.intend(context, path));
  return io::make_directories(path, 0755);
}

Result<void> PrepareOutputDirectory::cleanup(BuildContext& context) {
  if (!context.failure) return tracked_.keep(context);
  if (tracked_.path().empty()) return {};
  context.ui.say("Deleting output directory...");
  // A process that is just ending may still create a file in it.
  Result<void> removed = tracked_.remove(context);
  for (int i = 1; i < kRemoveTries && !removed; ++i) {
    context.clock.sleep(kRemovePause);
    removed = tracked_.remove(context);
  }
  return removed;
}

}  // namespace farm::builders::steps
