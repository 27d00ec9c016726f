#include <fmt/format.h>

#include "builders/core/output_lines.h"
#include "builders/core/registry.h"
#include "builders/post_processors/vsphere/ovftool.h"
#include "builders/post_processors/vsphere/uploaded_machine.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::post_processor_vsphere {
namespace {

constexpr auto kUploadLimit = std::chrono::hours(12);
constexpr auto kRetryPause = std::chrono::seconds(1);

class VspherePostProcessor final : public PostProcessor {
 public:
  Findings prepare(const value::Value& config, const PrepareContext&) override {
    Findings findings;
    config_ = decode(config, findings);
    return findings;
  }

  Result<PostProcessed> process(BuildContext& context, const artifact::Artifact& input) override {
    std::string source;
    for (const std::string& file : input.files) {
      const std::string extension = io::extension(file);
      if (extension == "vmx" || extension == "ovf" || extension == "ova") {
        source = resolve_path(context, file);
        break;
      }
    }
    if (source.empty()) return invalid_input("VMX, OVF or OVA file not found in the artifact");
    if (!io::find_program("ovftool", context.environment)) {
      return not_found("ovftool is not in the PATH of this machine; the vsphere post-processor "
                       "uploads with it");
    }
    const std::vector<std::string> arguments = ovftool_arguments(config_, source);
    std::vector<std::string> check = arguments;
    check.insert(check.begin(), "--verifyOnly");
    const Result<void> valid = ovftool(context, check);
    if (!valid) return valid.error().within("ovftool finds the target or the source wrong");
    context.ui.message(fmt::format("Uploading {} to {}", source, ovftool_target(config_)));
    UploadedMachine machine(config_);
    TRY(machine.announce(context));
    const Result<void> uploaded = upload(context, arguments);
    if (!uploaded) {
      const Result<void> removed = machine.remove(context);
      if (!removed) context.ui.error("Not removed: " + removed.error().message);
      return uploaded.error();
    }
    TRY(machine.keep(context));
    artifact::Artifact output;
    output.builder_id = "packer.post-processor.vsphere";
    output.id = fmt::format("{}::{}::{}", config_.datastore, config_.vm_folder, config_.vm_name);
    output.text = fmt::format("VM: {} Folder: {} Datastore: {}", config_.vm_name,
                              config_.vm_folder, config_.datastore);
    output.files = {};
    output.state = input.state;
    return PostProcessed{std::move(output), false, false};
  }

 private:
  Result<void> upload(BuildContext& context, const std::vector<std::string>& arguments) const {
    for (int64_t attempt = 1;; ++attempt) {
      const Result<void> uploaded = ovftool(context, arguments);
      if (uploaded) return {};
      if (uploaded.error().code == ErrorCode::Cancelled || attempt >= config_.max_retries) {
        return uploaded.error().within(fmt::format("upload failed after {} tries", attempt));
      }
      context.ui.message(fmt::format("Try {} failed: {}", attempt, uploaded.error().message));
      if (!context.cancel.sleep(kRetryPause)) return cancelled("cancelled");
    }
  }

  Result<void> ovftool(BuildContext& context, const std::vector<std::string>& arguments) const {
    io::RunOptions run;
    run.spawn.argv = {"ovftool"};
    run.spawn.argv.insert(run.spawn.argv.end(), arguments.begin(), arguments.end());
    run.spawn.environment = context.environment.all();
    run.spawn.directory = context.working_directory;
    run.spawn.own_process_group = true;
    run.input = config_.password.reveal() + "\n";
    run.deadline = kUploadLimit;
    std::string tail;
    OutputLines lines([&](std::string_view line) {
      context.ui.message(line);
      tail = line;
    });
    run.spawn.merge_output = true;
    run.on_stdout = [&](std::string_view bytes) { lines.feed(bytes); };
    const io::Finished finished = TRY(io::run_program(run, context.cancel));
    lines.finish();
    if (finished.status.success()) return {};
    return unavailable(fmt::format("{}{}{}", finished.status.text(), tail.empty() ? "" : ": ", tail));
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_post_processor("vsphere", [] { return std::make_unique<VspherePostProcessor>(); });
  registry.add_reaper(kUploadKind, reap_upload);
}

}  // namespace farm::builders::post_processor_vsphere
