#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "builders/core/registry.h"
#include "builders/core/script.h"
#include "builders/post_processors/vagrant/config.h"
#include "builders/post_processors/vagrant/provider.h"
#include "common/io/files.h"

namespace farm::builders::post_processor_vagrant {
namespace {

constexpr const char* kProviderPart = "# Settings for this provider, written by the build.\n";
constexpr const char* kCustomPart = "\n# From the template's own vagrantfile_template, if any.\n";

std::string metadata_text(const Provider& provider, const Config& config,
                          const BoxContent& content) {
  nlohmann::ordered_json document;
  document["provider"] = provider.metadata_name;
  document["architecture"] = config.architecture;
  for (const auto& [key, value] : content.metadata) document[key] = value;
  for (const BoxDisk& disk : content.disks) {
    document["disks"].push_back({{"path", disk.path}, {"format", disk.format}});
  }
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

class VagrantPostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    raw_ = config;
    config_ = decode(config, context, {}, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    const Provider* provider = config_.provider_override.empty()
                                   ? provider_of(input.builder_id)
                                   : provider_by_name(config_.provider_override);
    if (provider == nullptr) {
      return invalid_input(fmt::format(
          "Unknown artifact type, can't build box: {} (provider_override names a provider)",
          input.builder_id));
    }
    TRY(settle(context, *provider));
    context.ui.say(fmt::format("Creating Vagrant box for '{}' provider", provider->name));
    const io::TempDirectory folder =
        TRY(io::TempDirectory::create(context.temp_directory, "vagrant"));
    BoxContent content = TRY(provider->make({context, input, folder.path()}));
    const Variables variables = {{"ArtifactId", input.id},
                                 {"BuildName", context.render.build_name},
                                 {"Provider", provider->name},
                                 {"Architecture", config_.architecture}};
    TRY(add_own_files(context, variables, *provider, content));
    const std::string name = TRY(render_late(config_.output, context, variables));
    TRY(write_box(context, name, content));
    artifact::Artifact output;
    output.builder_id = "mitchellh.post-processor.vagrant";
    output.id = provider->name;
    output.text = fmt::format("'{}' provider box: {}", provider->name, name);
    output.files = {name};
    output.destroy_paths = {name};
    const auto generated = input.state.find("generated_data");
    if (generated != input.state.end()) output.state.insert(*generated);
    return PostProcessed{std::move(output), provider->keep_input, true};
  }

 private:
  using Variables = std::map<std::string, std::string>;

  // Now the provider is known, and so is its override.
  Result<void> settle(const BuildContext& context, const Provider& provider) {
    const PrepareContext prepare{context.render, context.environment, context.working_directory,
                                 context.force, false};
    Findings findings;
    config_ = decode(raw_, prepare, provider.name, findings);
    if (!findings.ok()) return invalid_input(findings.text());
    return {};
  }

  Result<void> add_own_files(BuildContext& context, const Variables& variables,
                             const Provider& provider, BoxContent& content) const {
    for (const std::string& file : config_.include) {
      content.members.push_back({resolve_path(context, file), io::base_name(file)});
    }
    std::string custom;
    if (!config_.vagrantfile_template.empty()) {
      const std::string text =
          TRY(io::read_file(resolve_path(context, config_.vagrantfile_template)));
      Result<std::string> rendered = render_late(text, context, variables);
      if (!rendered) return std::move(rendered).error().within("vagrantfile_template");
      custom = *std::move(rendered);
    }
    content.members.push_back(
        {{}, "Vagrantfile", kProviderPart + content.vagrantfile + kCustomPart + custom});
    content.members.push_back({{}, "metadata.json", metadata_text(provider, config_, content)});
    return {};
  }

  Result<void> write_box(BuildContext& context, const std::string& name,
                         BoxContent& content) const {
    std::vector<archive::Member>& members = content.members;
    std::sort(members.begin(), members.end(),
              [](const archive::Member& a, const archive::Member& b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(
        members.begin(), members.end(),
        [](const archive::Member& a, const archive::Member& b) { return a.name == b.name; });
    if (twice != members.end()) {
      return invalid_input("two files of the box would be called " + twice->name);
    }
    for (const archive::Member& member : members) context.ui.message("Compressing: " + member.name);
    const std::string path = resolve_path(context, name);
    TRY(io::make_directories(io::parent_path(path)));
    const uint64_t intent = TRY(context.ledger.intend(resource_kind::kPath, path));
    const bool plain = config_.compression_level == 0;
    const archive::Format format{archive::Container::Tar,
                                 plain ? archive::Algorithm::None : archive::Algorithm::Gzip};
    TRY(archive::write_archive(
        path, format, config_.compression_level, members, context.cancel,
        [&](uint64_t done, uint64_t total) { context.ui.progress(name, done, total); }));
    return context.ledger.gone(intent);  // it is the artifact now
  }

  value::Value raw_;
  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("vagrant", [] { return std::make_unique<VagrantPostProcessor>(); });
}

}  // namespace farm::builders::post_processor_vagrant
