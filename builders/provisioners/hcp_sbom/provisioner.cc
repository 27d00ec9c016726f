#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/core/remote_script.h"
#include "builders/core/script.h"
#include "builders/provisioners/hcp_sbom/sbom_document.h"
#include "common/base/scope_guard.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_hcp_sbom {
namespace {

constexpr uint64_t kLargest = 256U << 20;

class SbomProvisioner final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    if (!context.communicator) return invalid_input("no communicator to get the SBOM with");
    Result<std::string> got =
        config_.auto_generate ? generate(context) : fetch(context, config_.source);
    const std::string text = TRY(std::move(got));
    const SbomSummary summary = TRY(recognise_sbom(text));
    const std::string path = destination(context, summary.format);
    TRY(io::make_directories(io::parent_path(resolve_path(context, path))));
    TRY(io::write_file_atomic(resolve_path(context, path), text));
    context.ui.say(fmt::format("SBOM ({}, {} packages) saved as {}", format_name(summary.format),
                               summary.packages, path));
    artifact::Artifact kept;
    kept.builder_id = "farm.sbom";
    kept.id = name(context);
    kept.text = fmt::format("SBOM ({}, {} packages): {}", format_name(summary.format),
                            summary.packages, path);
    kept.files = {path};
    context.attachments.push_back(std::move(kept));
    return {};
  }

 private:
  std::string name(const BuildContext& context) const {
    return config_.sbom_name.empty() ? context.render.build_name : config_.sbom_name;
  }

  // A folder gets a file named for the build.
  std::string destination(const BuildContext& context, Format format) const {
    const std::string file =
        name(context) + (format == Format::Spdx ? ".spdx.json" : ".cdx.json");
    const std::string& given = config_.destination;
    if (given.empty()) return "sbom-" + file;
    const bool folder = given.ends_with('/') || io::is_directory(resolve_path(context, given));
    return folder ? given + (given.ends_with('/') ? "" : "/") + file : given;
  }

  static Result<std::string> fetch(BuildContext& context, const std::string& remote) {
    const std::string local = context.temp_directory + "/sbom-" + context.random.word(8);
    const ScopeGuard remove([&] { (void)io::remove_file(local); });
    context.ui.say("Downloading SBOM " + remote);
    TRY(context.communicator->download(remote, local, {}, context.cancel));
    return io::read_file(local, kLargest);
  }

  Result<std::string> generate(BuildContext& context) {
    const std::string id = context.random.word(12);
    const std::string script = "/tmp/farm-sbom-" + id + ".sh";
    const std::string output = "/tmp/farm-sbom-" + id + ".txt";
    context.ui.say("Listing the packages of the machine");
    const Result<std::string> listed = list(context, script, output);
    RemoteCommand remove;
    remove.command = "rm -f " + script + " " + output;
    (void)context.communicator->run(remove, context.cancel);
    TRY(listed);
    const PackageList packages = TRY(parse_package_list(*listed));
    return sbom_document(config_.format, packages,
                         {name(context), uuid_v4(context.random), context.clock.wall()});
  }

  Result<std::string> list(BuildContext& context, const std::string& script,
                           const std::string& output) {
    TRY(context.communicator->upload_bytes(listing_script(), script, 0755, context.cancel));
    const std::string command = TRY(render_late(config_.execute_command, context,
                                                {{"Path", script},
                                                 {"Args", config_.arguments},
                                                 {"ScanPath", config_.scan_path},
                                                 {"Output", output}}));
    const int status = TRY(run_to_ui(context, command));
    if (status != 0) {
      return invalid_input(fmt::format("listing the packages ended with exit code {}", status));
    }
    return fetch(context, output);
  }

  Config config_;
};

}  // namespace

void register_component(Registry& registry) {
  for (const char* name : {"hcp-sbom", "sbom"}) {
    registry.add_provisioner(name, [] { return std::make_unique<SbomProvisioner>(); });
  }
}

}  // namespace farm::builders::provisioner_hcp_sbom
