#include <fcntl.h>
#include <unistd.h>

#include "builders/core/registry.h"
#include "builders/core/script.h"
#include "builders/post_processors/checksum/config.h"
#include "common/base/scope_guard.h"
#include "common/io/digests.h"
#include "common/io/files.h"

namespace farm::builders::post_processor_checksum {
namespace {

Result<void> append_line(const std::string& path, const std::string& line) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return system_error("open " + path, errno);
  const ScopeGuard close([fd] { ::close(fd); });
  const ssize_t written = ::write(fd, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    return system_error("write " + path, written < 0 ? errno : ENOSPC);
  }
  return {};
}

class ChecksumPostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    artifact::Artifact output;
    output.builder_id = "packer.post-processor.checksum";
    output.files = input.files;
    output.state = input.state;
    std::vector<std::string> made;
    for (const std::string& type : config_.types) {
      if (input.files.empty()) break;  // nothing to sum, so no file to name
      const std::string name = TRY(render_late(config_.output, context,
                                               {{"BuildName", context.render.build_name},
                                                {"BuilderType", context.render.build_type},
                                                {"ChecksumType", type}}));
      TRY(write_sums(context, type, name, input.files));
      if (std::find(output.files.begin(), output.files.end(), name) == output.files.end()) {
        output.files.push_back(name);
        made.push_back(name);
      }
    }
    output.text = "Created artifact from files: ";
    for (size_t i = 0; i < output.files.size(); ++i) {
      output.text += (i == 0 ? "" : ", ") + output.files[i];
    }
    for (const std::string& name : made) output.destroy_paths.push_back(name);
    for (const std::string& path : input.destroy_paths) output.destroy_paths.push_back(path);
    return PostProcessed{std::move(output), true, true};
  }

 private:
  static Result<void> write_sums(BuildContext& context, const std::string& type,
                                 const std::string& name, const std::vector<std::string>& files) {
    const std::string path = resolve_path(context, name);
    TRY(io::make_directories(io::parent_path(path)));
    for (const std::string& file : files) {
      const std::string hex = TRY(io::digest_file(*io::digest_from_name(type),
                                                  resolve_path(context, file), context.cancel));
      TRY(append_line(path, hex + "\t" + io::base_name(file) + "\n"));
    }
    return {};
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("checksum", [] { return std::make_unique<ChecksumPostProcessor>(); });
}

}  // namespace farm::builders::post_processor_checksum
