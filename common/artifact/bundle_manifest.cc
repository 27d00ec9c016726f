#include "common/artifact/bundle_manifest.h"

#include <nlohmann/json.hpp>
#include <set>

#include "common/artifact/bundle_path.h"

namespace farm::artifact {
namespace {

using nlohmann::json;
constexpr int kFormat = 1;

Result<void> check_entry(const BundleEntry& entry, const std::set<std::string>& links) {
  TRY(check_bundle_path(entry.path));
  for (size_t slash = entry.path.find('/'); slash != std::string::npos;
       slash = entry.path.find('/', slash + 1)) {
    if (links.count(entry.path.substr(0, slash)) != 0) {
      return invalid_input("the bundle file " + entry.path + " lies below a symbolic link");
    }
  }
  const bool link = !entry.link_target.empty();
  if (!link && entry.sha256.size() != 64) {
    return invalid_input("the bundle file " + entry.path + " has no digest");
  }
  if (link && !entry.sha256.empty()) {
    return invalid_input("the bundle file " + entry.path + " is both a link and a file");
  }
  return {};
}

}  // namespace

Result<void> check_bundle(const std::vector<BundleEntry>& entries) {
  std::set<std::string> paths;
  std::set<std::string> links;
  for (const BundleEntry& entry : entries) {
    if (!paths.insert(entry.path).second) {
      return invalid_input("the bundle names " + entry.path + " twice");
    }
    if (!entry.link_target.empty()) links.insert(entry.path);
  }
  for (const BundleEntry& entry : entries) TRY(check_entry(entry, links));
  return {};
}

std::string encode_bundle(const std::vector<BundleEntry>& entries) {
  json files = json::array();
  for (const BundleEntry& entry : entries) {
    json file = {{"path", entry.path}, {"size", entry.size}, {"mode", entry.mode}};
    if (entry.link_target.empty()) {
      file["sha256"] = entry.sha256;
    } else {
      file["link"] = entry.link_target;
    }
    files.push_back(std::move(file));
  }
  const json document = {{"farm_bundle", kFormat}, {"files", std::move(files)}};
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::vector<BundleEntry>> decode_bundle(std::string_view text) {
  std::vector<BundleEntry> entries;
  try {
    const json document = json::parse(text);
    if (document.at("farm_bundle").get<int>() != kFormat) {
      return corrupt("the bundle manifest has an unknown format");
    }
    for (const json& file : document.at("files")) {
      entries.push_back({file.at("path").get<std::string>(), file.value("sha256", ""),
                         file.at("size").get<uint64_t>(), file.at("mode").get<uint32_t>(),
                         file.value("link", "")});
    }
  } catch (const json::exception& error) {
    return corrupt(std::string("bundle manifest: ") + error.what());
  }
  TRY(check_bundle(entries));
  return entries;
}

}  // namespace farm::artifact
