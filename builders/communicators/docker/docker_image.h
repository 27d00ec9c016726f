// The artifact that an image in the container program's store is: made by the builder's commit and
// by docker-import, docker-tag and docker-push.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "builders/communicators/docker/docker_cli.h"
#include "common/artifact/artifact.h"

namespace farm::builders::docker {

/// Destroying it removes the image. `tags`: the names docker-tag gave; nullptr: not tagged by it.
artifact::Artifact image_artifact(const DockerCli& cli, const std::string& builder_id,
                                  const std::string& id, const std::vector<std::string>* tags);

/// Whether `input` is an image in the store, as docker-import and docker-tag leave it; `only` ends
/// the error: "Can only save Docker builder artifacts.".
Result<void> require_image(const artifact::Artifact& input, std::string_view only);

/// The names that docker-tag gave `input`; empty when it did not.
std::vector<std::string> tags_of(const artifact::Artifact& input);

}  // namespace farm::builders::docker
