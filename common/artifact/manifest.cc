#include "common/artifact/manifest.h"

#include <iterator>
#include <nlohmann/json.hpp>

namespace farm::artifact {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json to_json(const ManifestBuild& build) {
  ordered_json out;
  out["name"] = build.name;
  out["builder_type"] = build.builder_type;
  if (build.build_time != 0) out["build_time"] = build.build_time;
  out["files"] = nullptr;
  if (build.files) {
    out["files"] = ordered_json::array();
    for (const ManifestFile& file : *build.files) {
      out["files"].push_back(ordered_json{{"name", file.name}, {"size", file.size}});
    }
  }
  out["artifact_id"] = build.artifact_id;
  out["packer_run_uuid"] = build.run_uuid;
  out["custom_data"] = nullptr;
  if (build.custom_data) {
    out["custom_data"] = ordered_json::object();
    for (const auto& [key, value] : *build.custom_data) out["custom_data"][key] = value;
  }
  return out;
}

/// Go's encoder writes these as escapes; outside of strings they do not occur in JSON.
std::string escape_html(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view(text).substr(i, 3);
    if (text[i] == '<') {
      out += "\\u003c";
    } else if (text[i] == '>') {
      out += "\\u003e";
    } else if (text[i] == '&') {
      out += "\\u0026";
    } else if (rest == "\xe2\x80\xa8" || rest == "\xe2\x80\xa9") {
      out += rest == "\xe2\x80\xa8" ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string text_of(const json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? std::string() : it->get<std::string>();
}

ManifestBuild build_from(const json& object) {
  ManifestBuild build;
  build.name = text_of(object, "name");
  build.builder_type = text_of(object, "builder_type");
  build.build_time = object.value("build_time", int64_t{0});
  build.artifact_id = text_of(object, "artifact_id");
  build.run_uuid = text_of(object, "packer_run_uuid");
  if (const auto files = object.find("files"); files != object.end() && !files->is_null()) {
    build.files.emplace();
    for (const json& file : *files) {
      build.files->push_back({text_of(file, "name"), file.value("size", uint64_t{0})});
    }
  }
  if (const auto data = object.find("custom_data"); data != object.end() && !data->is_null()) {
    build.custom_data = data->get<std::map<std::string, std::string>>();
  }
  return build;
}

}  // namespace

std::string manifest_text(const Manifest& manifest) {
  ordered_json document;
  document["builds"] = ordered_json::array();
  for (const ManifestBuild& build : manifest.builds) document["builds"].push_back(to_json(build));
  document["last_run_uuid"] = manifest.last_run_uuid;
  return escape_html(document.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

Result<Manifest> parse_manifest(std::string_view text) {
  try {
    const json document = json::parse(text);
    Manifest manifest;
    const json& builds = document.is_array() ? document : document.at("builds");
    if (!builds.is_null()) {
      for (const json& build : builds) manifest.builds.push_back(build_from(build));
    }
    if (document.is_object()) manifest.last_run_uuid = text_of(document, "last_run_uuid");
    return manifest;
  } catch (const json::exception& error) {
    return corrupt(std::string("manifest: ") + error.what());
  }
}

Result<Manifest> merge_manifests(const std::vector<std::string>& texts,
                                 const std::string& run_uuid) {
  Manifest merged;
  for (const std::string& text : texts) {
    if (text.empty()) continue;
    Manifest part = TRY(parse_manifest(text));
    for (ManifestBuild& build : part.builds) {
      // A manifest that came along in the bundle was appended to: its old entries are not ours.
      if (!run_uuid.empty() && !build.run_uuid.empty() && build.run_uuid != run_uuid) continue;
      merged.builds.push_back(std::move(build));
    }
    if (!part.last_run_uuid.empty()) merged.last_run_uuid = part.last_run_uuid;
  }
  if (!run_uuid.empty()) merged.last_run_uuid = run_uuid;
  return merged;
}

}  // namespace farm::artifact
