#include "builders/communicators/docker/docker_image.h"

#include "builders/communicators/docker/docker_options.h"

namespace farm::builders::docker {
namespace {
constexpr const char* kTagsState = "docker_tags";
}

artifact::Artifact image_artifact(const DockerCli& cli, const std::string& builder_id,
                                  const std::string& id, const std::vector<std::string>* tags) {
  artifact::Artifact artifact;
  artifact.builder_id = builder_id;
  artifact.id = id;
  artifact.text = "Imported Docker image: " + id;
  if (tags != nullptr) {
    artifact.text += " with tags";
    value::Value::List names;
    for (const std::string& tag : *tags) {
      artifact.text += " " + tag;
      names.push_back(value::Value::string(tag));
    }
    artifact.state[kTagsState] = value::Value::list(value::Type::string(), std::move(names));
  }
  artifact.destroy_outside = [cli, id]() -> Result<void> {
    const CancelToken fresh;  // also after a cancelled build
    return cli.remove_image(id, fresh);
  };
  return artifact;
}

Result<void> require_image(const artifact::Artifact& input, std::string_view only) {
  if (input.builder_id == kImportId || input.builder_id == kTagId) return {};
  return invalid_input("Unknown artifact type: " + input.builder_id + "\n" + std::string(only));
}

std::vector<std::string> tags_of(const artifact::Artifact& input) {
  std::vector<std::string> tags;
  const auto found = input.state.find(kTagsState);
  if (found == input.state.end()) return tags;
  for (const value::Value& tag : found->second.elements()) tags.push_back(tag.as_string());
  return tags;
}

}  // namespace farm::builders::docker
