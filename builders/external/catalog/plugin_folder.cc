#include "builders/external/catalog/plugin_folder.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "common/base/log.h"
#include "common/io/digests.h"
#include "common/io/files.h"
#include "common/io/process.h"
#include "common/seal/signature.h"

namespace farm::builders::external {
namespace {

constexpr uint64_t kLargestProgram = 256U << 20;
constexpr size_t kLargestDescription = 256U << 10;
constexpr auto kDescribeTime = std::chrono::seconds(10);
constexpr int64_t kLongestSilenceSeconds = 86'400;

bool is_executable_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & 0111) != 0;
}

std::string raw_digest(const std::string& bytes) {
  io::Digest digest(io::DigestKind::Sha256);
  digest.update(bytes);
  return digest.finish();
}

Result<std::string> describe(const std::string& program, const Environment& environment,
                             const CancelToken& cancel) {
  io::RunOptions run;
  run.spawn.argv = {program, "describe"};
  run.spawn.environment = environment.all();
  run.spawn.own_process_group = true;
  run.deadline = kDescribeTime;
  run.keep_bytes = kLargestDescription + 1;
  const Result<io::Finished> finished = io::run_program_checked(run, cancel);
  if (!finished) return finished.error().within("describe");
  if (finished->standard_output.size() > kLargestDescription) {
    return invalid_input("describe: the description is too long");
  }
  return finished->standard_output;
}

Result<Plugin> admit(const std::string& path, const PluginFolder& folder,
                     const Environment& environment, const CancelToken& cancel) {
  const std::string bytes = TRY(io::read_file(path, kLargestProgram));
  const Result<std::string> signature = io::read_file(path + ".sig", 4096);
  if (!signature) return denied("it is not signed (there is no " + path + ".sig)");
  const std::string digest = raw_digest(bytes);
  TRY(seal::verify_signature(digest, *signature, folder.trusted_keys));
  Plugin plugin;
  plugin.name = io::base_name(path);
  plugin.sha256 = io::hex_text(digest);
  // What was verified is what will run: not the file, which may change, but this copy.
  TRY(io::make_directories(folder.store, 0700));
  plugin.program = folder.store + "/" + plugin.sha256;
  const Result<std::string> copy = io::read_file(plugin.program, kLargestProgram);
  if (!copy || *copy != bytes) TRY(io::write_file_atomic(plugin.program, bytes, 0500));
  const std::string cached = plugin.program + ".json";
  Result<std::string> description = io::read_file(cached, kLargestDescription);
  if (!description) {
    description = describe(plugin.program, environment, cancel);
    TRY(description);
  }
  plugin.components = TRY(read_external_components(*description));
  plugin.description = *description;
  const auto document = nlohmann::json::parse(plugin.description, nullptr, false);
  const auto silence = document.find("silence_seconds");
  if (silence != document.end() && silence->is_number_integer()) {
    plugin.silence = std::chrono::seconds(
        std::clamp<int64_t>(silence->get<int64_t>(), 1, kLongestSilenceSeconds));
  }
  TRY(io::write_file_atomic(cached, plugin.description, 0600));
  return plugin;
}

std::string config_home(const Environment& environment) {
  const std::string given = environment.get_or("XDG_CONFIG_HOME", "");
  return given.empty() ? environment.get_or("HOME", "/") + "/.config" : given;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  const std::string text = io::read_file(path, 1U << 20).value_or("");
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (!line.empty() && line[0] != '#') lines.push_back(line);
    at = end + 1;
  }
  return lines;
}

}  // namespace

Discovery discover_plugins(const PluginFolder& folder, const Environment& environment,
                           const CancelToken& cancel) {
  Discovery discovery;
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".sig") && !name.starts_with('.')) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const std::string path = folder.folder + "/" + name;
    if (!is_executable_file(path)) continue;
    Result<Plugin> admitted = admit(path, folder, environment, cancel);
    if (admitted) {
      discovery.plugins.push_back(*std::move(admitted));
    } else {
      discovery.refused.push_back(
          fmt::format("plugin {} is not used: {}", path, admitted.error().message));
    }
  }
  return discovery;
}

PluginFolder user_plugin_folder(const Environment& environment) {
  const std::string config = config_home(environment) + "/farm";
  const std::string cache = environment.get_or("XDG_CACHE_HOME", "");
  PluginFolder folder;
  folder.folder = environment.get_or("FARM_PLUGINS", config + "/plugins");
  folder.store =
      (cache.empty() ? environment.get_or("HOME", "/") + "/.cache" : cache) + "/farm/plugins";
  if (io::is_directory(folder.folder)) {
    folder.trusted_keys = lines_of(environment.get_or("FARM_PLUGIN_KEYS", config + "/plugin_keys"));
  }
  return folder;
}

const Discovery& user_plugins(const Environment& environment) {
  static const Discovery found = [&environment] {
    Discovery discovery = discover_plugins(user_plugin_folder(environment), environment, {});
    for (const Plugin& plugin : discovery.plugins) {
      const auto added = add_external_components(plugin.description);
      if (added) continue;
      discovery.refused.push_back("plugin " + plugin.name + ": " + added.error().message);
    }
    for (const std::string& sentence : discovery.refused) log::warn(sentence);
    return discovery;
  }();
  return found;
}

}  // namespace farm::builders::external
