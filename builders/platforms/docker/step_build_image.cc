#include "builders/platforms/docker/step_build_image.h"

#include "builders/communicators/docker/registry_login.h"
#include "common/base/scope_guard.h"
#include "common/io/files.h"

namespace farm::builders::platform_docker {

std::vector<std::string> BuildImage::arguments(BuildContext& context,
                                               const std::string& id_file) const {
  const ImageBuild& build = config_->build;
  std::vector<std::string> list = {"build", "--iidfile", id_file, "-f",
                                   resolve_path(context, build.path)};
  if (!config_->platform.empty()) {
    list.emplace_back("--platform");
    list.push_back(config_->platform);
  }
  if (build.pull) list.emplace_back("--pull");
  if (build.compress) list.emplace_back("--compress");
  for (const auto& [name, value] : build.arguments) {
    list.emplace_back("--build-arg");
    list.push_back(name + "=" + value);
  }
  if (!name_.empty()) {
    list.emplace_back("--tag");
    list.push_back(name_);
  }
  list.push_back(resolve_path(context, build.directory));
  return list;
}

Result<void> BuildImage::run(BuildContext& context) {
  if (!config_->builds_image()) return {};
  context.ui.say("Building image from Dockerfile: " + config_->build.path);
  // What is thrown away with the container needs a name to be found by.
  if (config_->outcome == Outcome::Discard) {
    name_ = kNamePrefix + uuid_v4(context.random);
    intent_ = TRY(context.ledger.intend(kImageKind, name_));
  }
  const std::string id_file = context.temp_directory + "/docker-image-id";
  TRY(io::remove_file(id_file));
  docker::RegistryLogin login =
      TRY(docker::RegistryLogin::open(config_->login, container_->cli, context));
  const ScopeGuard log_out([&] { login.close(context); });
  const Result<void> built =
      login.cli().show(arguments(context, id_file), {}, context.ui, context.cancel);
  if (!built) return built.error().within("Error building image");
  std::string id = TRY(io::read_file(id_file));
  while (id.ends_with('\n')) id.pop_back();
  if (id.empty()) return corrupt("the build of the image left no image ID");
  context.ui.message("Image ID: " + id);
  container_->image = id;
  return {};
}

Result<void> BuildImage::cleanup(BuildContext& context) {
  if (!intent_) return {};
  const Result<void> removed = container_->cli.remove_image(name_, context.cancel);
  if (!removed) return removed.error().within("Error removing the built image");
  const uint64_t intent = *intent_;
  intent_.reset();
  return context.ledger.gone(intent);
}

}  // namespace farm::builders::platform_docker
