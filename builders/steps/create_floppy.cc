#include "builders/steps/create_floppy.h"

#include <algorithm>
#include <dirent.h>
#include <fmt/format.h>

#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::steps {
namespace {

constexpr auto kFloppyToolLimit = std::chrono::minutes(2);

Result<void> run_tool(BuildContext& context, std::vector<std::string> argv) {
  io::RunOptions options;
  options.spawn.argv = std::move(argv);
  options.spawn.environment = context.environment.all();
  // mtools refuses a 1.44 MB image as "inconsistent" when its own geometry checks are on.
  (*options.spawn.environment)["MTOOLS_SKIP_CHECK"] = "1";
  options.spawn.die_with_parent = true;
  options.deadline = kFloppyToolLimit;
  TRY(io::run_program_checked(options, context.cancel));
  return {};
}

// Copies one file into `folder`, whatever folders it came from.
Result<void> stage_flat(BuildContext& context, const std::string& path,
                        const std::string& folder) {
  context.ui.message("Copying: " + io::base_name(path));
  return io::copy_file(path, folder + "/" + io::base_name(path), context.cancel);
}

Result<void> stage_tree(BuildContext& context, const std::string& from, const std::string& to) {
  const std::vector<std::string> files = TRY(io::list_files(from));
  for (const std::string& file : files) {
    const std::string target = to + file.substr(from.size());
    TRY(io::make_directories(io::parent_path(target)));
    context.ui.message("Adding file: " + file.substr(from.size() + 1));
    TRY(io::copy_file(file, target, context.cancel));
  }
  return {};
}

Result<std::vector<std::string>> expand(const std::string& pattern) {
  std::vector<std::string> paths = glob_paths(pattern);
  if (paths.empty()) return not_found(fmt::format("no file matches \"{}\"", pattern));
  return paths;
}

}  // namespace

Result<void> CreateFloppy::stage(BuildContext& context, const std::string& folder) const {
  for (const std::string& pattern : options_.files) {
    const std::vector<std::string> paths = TRY(expand(resolve_path(context, pattern)));
    for (const std::string& path : paths) {
      if (!io::is_directory(path)) {
        TRY(stage_flat(context, path, folder));
        continue;
      }
      const std::vector<std::string> files = TRY(io::list_files(path));
      for (const std::string& file : files) TRY(stage_flat(context, file, folder));
    }
  }
  for (const std::string& pattern : options_.directories) {
    const bool contents = pattern.ends_with('/');
    std::string bare = resolve_path(context, pattern);
    while (bare.size() > 1 && bare.ends_with('/')) bare.pop_back();
    const std::vector<std::string> paths = TRY(expand(bare));
    for (const std::string& path : paths) {
      if (!io::is_directory(path)) {
        TRY(stage_flat(context, path, folder));
        continue;
      }
      TRY(stage_tree(context, path, contents ? folder : folder + "/" + io::base_name(path)));
    }
  }
  for (const auto& [path, text] : options_.content) {
    const std::string target = io::join_path(folder, path.substr(path.find_first_not_of('/')));
    TRY(io::make_directories(io::parent_path(target)));
    TRY(io::write_file(target, text));
  }
  return {};
}

Result<void> CreateFloppy::run(BuildContext& context) {
  if (!options_.wanted()) return {};
  context.ui.say("Creating floppy disk...");
  const io::TempDirectory staged =
      TRY(io::TempDirectory::create(context.temp_directory, "floppy-"));
  TRY(stage(context, staged.path()));
  *result_ = context.temp_directory + "/floppy.img";
  TRY(run_tool(context,
               {"mformat", "-C", "-i", *result_, "-f", "1440", "-v", options_.label, "::"}));
  std::vector<std::string> copy = {"mcopy", "-s", "-Q", "-i", *result_};
  const size_t fixed = copy.size();
  for (std::string& entry : glob_paths(staged.path() + "/*")) copy.push_back(std::move(entry));
  if (copy.size() == fixed) return {};
  copy.emplace_back("::/");
  const Result<void> copied = run_tool(context, std::move(copy));
  if (!copied) return copied.error().within("floppy image (1.44 MB)");
  return {};
}

Result<void> CreateFloppy::cleanup(BuildContext& context) {
  if (result_->empty()) return {};
  context.ui.say("Deleting floppy disk...");
  return io::remove_file(*result_);
}

}  // namespace farm::builders::steps
