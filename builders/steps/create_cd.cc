#include "builders/steps/create_cd.h"

#include <fmt/format.h>

#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::steps {
namespace {

constexpr auto kToolLimit = std::chrono::minutes(30);  // cd_files may be gigabytes

std::string escaped(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == '\\' || c == '=') out += '\\';
    out += c;
  }
  return out;
}

// The first of the known tools, with the arguments that come before the common ones.
Result<std::vector<std::string>> image_tool(const Environment& environment) {
  if (const auto tool = io::find_program("xorriso", environment)) {
    return std::vector<std::string>{*tool, "-as", "genisoimage", "-rock"};
  }
  if (const auto tool = io::find_program("mkisofs", environment)) {
    return std::vector<std::string>{*tool, "-R"};
  }
  return not_found("cd_files and cd_content need xorriso or mkisofs in PATH");
}

}  // namespace

std::string graft_list(const std::map<std::string, std::string>& tree) {
  std::string list;
  for (const auto& [target, source] : tree) {
    list += escaped(target) + "=" + escaped(source) + "\n";
  }
  return list;
}

Result<CreateCd::Tree> CreateCd::gather(BuildContext& context, const std::string& staged) const {
  Tree tree;
  for (const std::string& pattern : options_.files) {
    const bool contents = pattern.ends_with('/');
    std::string bare = resolve_path(context, pattern);
    while (bare.size() > 1 && bare.ends_with('/')) bare.pop_back();
    const std::vector<std::string> paths = glob_paths(bare);
    if (paths.empty()) return not_found(fmt::format("no file matches \"{}\"", pattern));
    for (const std::string& path : paths) {
      const std::string base = contents ? "" : "/" + io::base_name(path);
      if (!io::is_directory(path)) {
        tree["/" + io::base_name(path)] = path;
        continue;
      }
      const std::vector<std::string> files = TRY(io::list_files(path));
      for (const std::string& file : files) tree[base + file.substr(path.size())] = file;
    }
  }
  size_t number = 0;
  for (const auto& [path, text] : options_.content) {
    const std::string source = fmt::format("{}/{}", staged, number++);
    TRY(io::write_file(source, text));
    tree["/" + path.substr(std::min(path.find_first_not_of('/'), path.size()))] = source;
  }
  for (const auto& [target, source] : tree) {
    // The list is by lines; nothing else in it needs quoting.
    if (target.find('\n') != std::string::npos || source.find('\n') != std::string::npos) {
      return invalid_input(fmt::format("a file name for the CD holds a line break: {}", target));
    }
  }
  return tree;
}

Result<void> CreateCd::run(BuildContext& context) {
  if (!options_.wanted()) return {};
  context.ui.say("Creating CD disk...");
  const io::TempDirectory staged = TRY(io::TempDirectory::create(context.temp_directory, "cd-"));
  const Tree tree = TRY(gather(context, staged.path()));
  const std::string list = staged.path() + "/paths";
  TRY(io::write_file(list, graft_list(tree)));
  *result_ = context.temp_directory + "/" + file_name_;
  io::RunOptions tool;
  tool.spawn.argv = TRY(image_tool(context.environment));
  for (const std::string& argument :
       {std::string("-joliet"), std::string("-volid"), options_.label, std::string("-output"),
        *result_, std::string("-graft-points"), std::string("-path-list"), list}) {
    tool.spawn.argv.push_back(argument);
  }
  tool.spawn.environment = context.environment.all();
  tool.spawn.die_with_parent = true;
  tool.deadline = kToolLimit;
  TRY(io::run_program_checked(tool, context.cancel));
  context.ui.message("Done copying paths from CD_dirs");
  return {};
}

Result<void> CreateCd::cleanup(BuildContext& context) {
  if (result_->empty()) return {};
  context.ui.say("Deleting CD disk...");
  return io::remove_file(*result_);
}

}  // namespace farm::builders::steps
