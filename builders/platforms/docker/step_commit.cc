#include "builders/platforms/docker/step_commit.h"

#include <algorithm>
#include <cctype>

namespace farm::builders::platform_docker {
namespace {

// Whether one of the changes is the Dockerfile instruction `name`.
bool has_instruction(const std::vector<std::string>& changes, std::string_view name) {
  return std::any_of(changes.begin(), changes.end(), [name](const std::string& change) {
    if (change.size() <= name.size()) return false;
    const char next = change[name.size()];
    if (next != ' ' && next != '\t') return false;
    return std::equal(name.begin(), name.end(), change.begin(), [](char wanted, char given) {
      return std::toupper(static_cast<unsigned char>(given)) == wanted;
    });
  });
}

}  // namespace

Result<std::vector<std::string>> Commit::changes(BuildContext& context) const {
  std::vector<std::string> list = config_->changes;
  // The run command set an entry point of its own, which must not stay in the image.
  docker::ImageFacts facts = container_->image_facts;
  if (facts.id.empty()) {
    facts = TRY(container_->cli.inspect_image(container_->image, context.cancel));
  }
  // CMD comes first: ENTRYPOINT would empty a CMD that was not set in the same commit.
  if (!has_instruction(list, "CMD")) list.push_back("CMD " + facts.command);
  if (!has_instruction(list, "ENTRYPOINT")) {
    // docker takes an empty list for "as it was"; one empty word means "none" to it, and only to it.
    const bool none = facts.entrypoint == "[]" && !container_->is_podman;
    list.push_back("ENTRYPOINT " + (none ? std::string("[\"\"]") : facts.entrypoint));
  }
  return list;
}

Result<void> Commit::run(BuildContext& context) {
  const docker::DockerCli& cli = container_->cli;
  const std::vector<std::string> list = TRY(changes(context));
  if (config_->windows_container) {
    // A running Windows container cannot be committed.
    const Result<std::string> stopped = cli.capture({"stop", container_->id}, context.cancel);
    if (!stopped) return stopped.error().within("Error stopping the container");
  }
  context.ui.say("Committing the container");
  std::vector<std::string> arguments = {"commit"};
  const auto add = [&arguments](const char* flag, const std::string& value) {
    if (value.empty()) return;
    arguments.emplace_back(flag);
    arguments.push_back(value);
  };
  add("--author", config_->author);
  for (const std::string& change : list) add("--change", change);
  add("--message", config_->message);
  arguments.push_back(container_->id);
  const Result<std::string> id = cli.capture(arguments, context.cancel);
  if (!id) return id.error().within("Error committing container");
  container_->committed = id->substr(id->rfind('\n') + 1);
  context.ui.message("Image ID: " + container_->committed);
  context.generated["ImageSha256"] = value::Value::string(container_->committed);
  return {};
}

}  // namespace farm::builders::platform_docker
