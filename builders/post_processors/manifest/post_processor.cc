#include <fmt/format.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "builders/core/config.h"
#include "builders/core/registry.h"
#include "common/base/scope_guard.h"
#include "common/io/files.h"

namespace farm::builders::post_processor_manifest {
namespace {

using nlohmann::ordered_json;

struct Config {
  std::string output;
  bool strip_path = false;
  bool strip_time = false;
  std::map<std::string, std::string> custom_data;
  bool has_custom_data = false;
};

// Waits before the 2nd and 3rd try for the lock file, as other builds may hold it.
constexpr Duration kLockPauses[] = {std::chrono::milliseconds(0), std::chrono::milliseconds(200),
                                    std::chrono::milliseconds(400)};

Result<void> take_lock(const std::string& path, const CancelToken& cancel) {
  for (const Duration pause : kLockPauses) {
    if (!cancel.sleep(pause)) return cancel.check();
    const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
    if (fd >= 0) {
      ::close(fd);
      return {};
    }
    if (errno != EEXIST) return system_error("create " + path, errno);
  }
  return unavailable("Unable to acquire lock " + path +
                     ": another build holds it, or one was killed; remove the file in that case");
}

class ManifestPostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    const ConfigReader reader(config, findings);
    config_.output = reader.string("output", "packer-manifest.json");
    config_.strip_path = reader.boolean("strip_path");
    config_.strip_time = reader.boolean("strip_time");
    config_.custom_data = reader.string_map("custom_data");
    config_.has_custom_data = reader.has("custom_data");
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    const std::string path = resolve_path(context, config_.output);
    const ordered_json entry = describe(context, input);
    TRY(io::make_directories(io::parent_path(path)));
    const std::string lock = path + ".lock";
    TRY(take_lock(lock, context.cancel));
    const ScopeGuard unlock([&] { (void)io::remove_file(lock); });
    ordered_json document = TRY(existing(context, path));
    document["builds"].push_back(entry);
    document["last_run_uuid"] = context.run_uuid;
    TRY(io::write_file_atomic(
        path, document.dump(2, ' ', false, ordered_json::error_handler_t::replace), 0664));
    return PostProcessed{input, true, true};
  }

 private:
  ordered_json describe(const BuildContext& context, const artifact::Artifact& input) const {
    ordered_json entry;
    entry["name"] = context.render.build_name;
    entry["builder_type"] = context.render.build_type;
    if (!config_.strip_time) entry["build_time"] = context.clock.wall().unix_seconds();
    entry["files"] = nullptr;
    for (const std::string& file : input.files) {
      struct stat status {};
      const bool found = ::stat(resolve_path(context, file).c_str(), &status) == 0;
      ordered_json item;
      item["name"] = config_.strip_path ? io::base_name(file) : file;
      item["size"] = found ? static_cast<int64_t>(status.st_size) : 0;
      entry["files"].push_back(std::move(item));
    }
    entry["artifact_id"] = input.id;
    entry["packer_run_uuid"] = context.run_uuid;
    entry["custom_data"] = nullptr;
    if (config_.has_custom_data) {
      entry["custom_data"] = ordered_json::object();
      for (const auto& [key, value] : config_.custom_data) entry["custom_data"][key] = value;
    }
    return entry;
  }

  // With -force a file of another run is started anew; otherwise builds are appended.
  Result<ordered_json> existing(const BuildContext& context, const std::string& path) const {
    ordered_json fresh;
    fresh["builds"] = ordered_json::array();
    Result<std::string> text = io::read_file(path);
    if (!text) {
      if (text.error().code == ErrorCode::NotFound) return fresh;
      return std::move(text).error();
    }
    if (text->empty()) return fresh;
    const ordered_json document = ordered_json::parse(*text, nullptr, false);
    if (document.is_discarded() || !document.is_object() ||
        (document.contains("builds") && !document["builds"].is_array())) {
      return corrupt(fmt::format("Unable to parse content from {}: it is not a manifest", path));
    }
    const std::string last_run = document.value("last_run_uuid", "");
    if (context.force && last_run != context.run_uuid) return fresh;
    if (document.contains("builds")) fresh["builds"] = document["builds"];
    return fresh;
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("manifest", [] { return std::make_unique<ManifestPostProcessor>(); });
}

}  // namespace farm::builders::post_processor_manifest
