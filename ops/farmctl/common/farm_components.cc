#include "ops/farmctl/common/farm_components.h"

#include <nlohmann/json.hpp>

#include "builders/core/schema/external.h"
#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::farmctl {
namespace {

constexpr uint64_t kLargestMemory = 16U << 20;

std::string memory_path(const Environment& environment) {
  const std::string cache = environment.get_or("XDG_CACHE_HOME", "");
  return (cache.empty() ? environment.get_or("HOME", "/") + "/.cache" : cache) +
         "/farm/components.json";
}

void add_all(const std::string& answer) {
  const nlohmann::json document = nlohmann::json::parse(answer, nullptr, false);
  const nlohmann::json list =
      document.is_object() ? document.value("descriptions", nlohmann::json()) : nlohmann::json();
  if (!list.is_array()) return;
  for (const nlohmann::json& description : list) {
    if (!description.is_string()) continue;
    const auto added = builders::add_external_components(description.get<std::string>());
    if (!added) log::warn("component of the farm", {{"error", added.error().message}});
  }
}

}  // namespace

void add_farm_components(const Environment& environment) {
  const Result<std::string> text = io::read_file(memory_path(environment), kLargestMemory);
  if (text) add_all(*text);
}

bool learn_farm_components(const Environment& environment, const std::string& answer) {
  const size_t before = builders::external_descriptions().size();
  add_all(answer);
  const std::string path = memory_path(environment);
  const Result<void> folder = io::make_directories(io::parent_path(path), 0700);
  if (folder) {
    const Result<void> kept = io::write_file_atomic(path, answer, 0600);
    if (!kept) log::warn("components of the farm not kept", {{"error", kept.error().message}});
  }
  return builders::external_descriptions().size() > before;
}

}  // namespace farm::farmctl
