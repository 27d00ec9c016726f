#include "builders/core/registry.h"
#include "builders/core/script.h"
#include "builders/post_processors/compress/config.h"
#include "builders/steps/archive/archive_writer.h"
#include "common/io/files.h"

namespace farm::builders::post_processor_compress {
namespace {

class CompressPostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    std::string name = TRY(render_late(
        config_.output, context,
        {{"BuildName", context.render.build_name}, {"BuilderType", context.render.build_type}}));
    if (!config_.format.empty()) name += "." + config_.format;
    const archive::Format format = archive::format_of(name);
    const bool zip = format.container == archive::Container::Zip;
    const std::string path = resolve_path(context, name);
    std::vector<archive::Member> members;
    for (const std::string& file : input.files) {
      members.push_back({resolve_path(context, file), zip ? file : io::base_name(file)});
      if (members.back().path == path) {
        return invalid_input("compress: " + name + " is a file of the artifact itself");
      }
    }
    TRY(io::make_directories(io::parent_path(path)));
    const uint64_t intent = TRY(context.ledger.intend(resource_kind::kPath, path));
    const bool bare = format.container == archive::Container::None;
    context.ui.say((bare ? "Compressing to " : "Archiving to ") + name);
    TRY(archive::write_archive(
        path, format, config_.level, members, context.cancel,
        [&](uint64_t done, uint64_t total) { context.ui.progress(name, done, total); }));
    TRY(context.ledger.gone(intent));  // it is the artifact now
    context.ui.say("Archive " + name + " completed");
    artifact::Artifact output;
    output.builder_id = "packer.post-processor.compress";
    output.text = "compressed artifacts in: " + name;
    output.files = {name};
    output.state = input.state;
    output.destroy_paths = {name};
    return PostProcessed{std::move(output), false, false};
  }

 private:
  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("compress", [] { return std::make_unique<CompressPostProcessor>(); });
}

}  // namespace farm::builders::post_processor_compress
