#include "builders/platforms/docker/step_run_container.h"

#include <fmt/format.h>

#include "builders/steps/type_boot_command.h"

namespace farm::builders::platform_docker {
namespace {

// The name that the template's own run_command gives the container; empty when it gives none.
std::string given_name(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i].starts_with("--name=")) return words[i].substr(7);
    if (words[i] == "--name" && i + 1 < words.size()) return words[i + 1];
  }
  return {};
}

std::string host_path(const BuildContext& context, const std::string& path) {
  // A name without a slash is one of the daemon's own volumes.
  return path.starts_with("~/") ? resolve_path(context, path) : path;
}

}  // namespace

Result<std::vector<std::string>> RunContainer::arguments(BuildContext& context) {
  std::vector<std::string> list = {"run"};
  const auto each = [&list](const char* flag, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      list.emplace_back(flag);
      list.push_back(value);
    }
  };
  each("--device", config_->device);
  each("--cap-add", config_->cap_add);
  each("--cap-drop", config_->cap_drop);
  if (config_->privileged) list.emplace_back("--privileged");
  if (!config_->runtime.empty()) each("--runtime", {config_->runtime});
  if (!config_->platform.empty()) each("--platform", {config_->platform});
  each("--tmpfs", config_->tmpfs);
  for (const auto& [host, guest] : config_->volumes) {
    each("-v", {host_path(context, host) + ":" + guest});
  }
  each("-v", {container_->host_folder + ":" + config_->container_dir});
  std::vector<std::string> words;
  for (const std::string& word : config_->run_command) {
    const Result<std::string> rendered =
        steps::render_late(context, word, {{"Image", container_->image}});
    if (!rendered) return rendered.error().within("run_command");
    words.push_back(*rendered);
  }
  name_ = given_name(words);
  if (name_.empty()) {
    name_ = kNamePrefix + uuid_v4(context.random);
    each("--name", {name_});
  }
  list.insert(list.end(), words.begin(), words.end());
  return list;
}

Result<void> RunContainer::run(BuildContext& context) {
  const std::vector<std::string> list = TRY(arguments(context));
  context.ui.say("Starting docker container...");
  context.ui.message(
      fmt::format("Run command: {} {}", container_->cli.program(), fmt::join(list, " ")));
  intent_ = TRY(context.ledger.intend(kContainerKind, name_));
  const Result<std::string> id = container_->cli.capture(list, context.cancel);
  if (!id) return id.error().within("Error running container");
  // Whatever else the program said on its standard output came before.
  container_->id = id->substr(id->rfind('\n') + 1);
  TRY(context.ledger.bound(*intent_, container_->id));
  context.instance_id = container_->id;
  const std::string& program = container_->cli.program();
  context.reach[std::string(name())] =
      fmt::format("The container {0} is left running: `{1} exec -it {0} {2}` enters it, "
                  "`{1} rm -f {0}` ends it.",
                  container_->id.substr(0, 12), program,
                  config_->windows_container ? "powershell" : "/bin/sh");
  context.ui.message("Container ID: " + container_->id);
  return {};
}

Result<void> RunContainer::cleanup(BuildContext& context) {
  if (!intent_) return {};
  Result<void> removed;
  if (!container_->id.empty()) {
    context.ui.say("Killing the container: " + container_->id);
    removed = container_->cli.remove_container("id", container_->id, context.cancel);
  } else if (name_.starts_with(kNamePrefix)) {
    // It may have been made although it did not start. With a name of the template's own it may as
    // well be another container that was in the way.
    removed = container_->cli.remove_container("name", name_, context.cancel);
  }
  if (!removed) return removed.error().within("Error removing the container");
  container_->id.clear();
  const uint64_t intent = *intent_;
  intent_.reset();
  return context.ledger.gone(intent);
}

}  // namespace farm::builders::platform_docker
