#include <glob.h>

#include "builders/core/build_context.h"
#include "builders/core/registry.h"
#include "builders/post_processors/artifice/config.h"
#include "common/base/log.h"
#include "common/base/scope_guard.h"

namespace farm::builders::post_processor_artifice {
namespace {

// The files that `pattern` names, as the template writes them; none is no error, as a glob goes.
Result<std::vector<std::string>> matches(const BuildContext& context, const std::string& pattern) {
  const std::string absolute = resolve_path(context, pattern);
  glob_t found{};
  const int code = ::glob(absolute.c_str(), GLOB_NOESCAPE, nullptr, &found);
  const ScopeGuard free_list([&found] { ::globfree(&found); });
  std::vector<std::string> names;
  if (code == GLOB_NOMATCH) return names;
  if (code != 0) return invalid_input("files: \"" + pattern + "\" cannot be read");
  const std::string& here = context.working_directory;
  for (size_t i = 0; i < found.gl_pathc; ++i) {
    std::string name = found.gl_pathv[i];
    // Relative patterns give relative names.
    if (!pattern.starts_with('/') && name.starts_with(here + "/")) name.erase(0, here.size() + 1);
    names.push_back(std::move(name));
  }
  return names;
}

class ArtificePostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    if (!input.files.empty()) {
      std::string dropped;
      for (const std::string& file : input.files) {
        dropped += (dropped.empty() ? "" : ", ") + file;
      }
      context.ui.say("Discarding files from artifact: " + dropped);
    }
    artifact::Artifact output;
    output.builder_id = "packer.post-processor.artifice";
    for (const std::string& pattern : config_.files) {
      std::vector<std::string> names = TRY(matches(context, pattern));
      if (names.empty()) log::warn("artifice: nothing matches", {{"pattern", pattern}});
      output.files.insert(output.files.end(), names.begin(), names.end());
    }
    output.text = "Created artifact from files: ";
    std::string listed;
    for (const std::string& file : output.files) listed += (listed.empty() ? "" : ", ") + file;
    output.text += listed;
    if (output.files.empty()) {
      context.ui.error("No file matches what artifice was given; the artifact has no files.");
    } else {
      context.ui.say("Using these artifact files: " + listed);
    }
    output.destroy_paths = output.files;
    const auto generated = input.state.find("generated_data");
    if (generated != input.state.end()) output.state.insert(*generated);
    return PostProcessed{std::move(output), true, false};
  }

 private:
  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("artifice", [] { return std::make_unique<ArtificePostProcessor>(); });
}

}  // namespace farm::builders::post_processor_artifice
