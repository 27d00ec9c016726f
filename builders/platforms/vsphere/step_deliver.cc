#include "builders/platforms/vsphere/step_deliver.h"

#include <fmt/format.h>

#include "builders/platforms/vsphere/step_run.h"
#include "builders/steps/vsphere/export.h"
#include "builders/steps/vsphere/library.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::vsphere {
namespace {

constexpr auto kPackLimit = std::chrono::hours(12);

}  // namespace

Result<void> ImportToLibrary::run(BuildContext& context) {
  if (!options_->finish.library) return {};
  const LibraryOptions& wanted = *options_->finish.library;
  if (wanted.skip_import) {
    context.ui.say("Skipping the import to the content library (skip_import).");
    return {};
  }
  TRY(set_boot_order(*machine_, "-", context.cancel));
  context.ui.say(fmt::format("Importing {} {} to Content Library '{}' as the item '{}'...",
                             wanted.ovf ? "VM OVF template" : "VM template",
                             options_->location.vm_name, wanted.library, wanted.name));
  ContentLibrary libraries = TRY(ContentLibrary::open(options_->connect, context.cancel));
  const Library library = TRY(libraries.library(wanted.library, context.cancel));
  if (library.type != "LOCAL") {
    return invalid_input(fmt::format(
        "the content library '{}' is {}, not LOCAL: items come to it from its publisher",
        library.name, library.type));
  }
  if (wanted.ovf) {
    const std::optional<std::string> existing =
        TRY(libraries.item(library.id, wanted.name, context.cancel));
    if (existing) context.ui.message("Updating the existing item of that name");
    TRY(libraries.create_ovf({library.id, existing.value_or(""), machine_->ref.id, wanted.name,
                              wanted.description, wanted.ovf_flags},
                             context.cancel));
  } else {
    const Inventory& inventory = *machine_->inventory;
    TemplateItem item{library.id, machine_->ref.id, wanted.name, wanted.description,
                      {}, {}, {}, {}, {}};
    if (!wanted.cluster.empty()) {
      item.cluster_id = TRY(inventory.compute_resource(wanted.cluster, context.cancel)).id;
    }
    if (!wanted.folder.empty()) {
      item.folder_id = TRY(inventory.folder(wanted.folder, false, context.cancel)).id;
    }
    if (!wanted.host.empty()) {
      item.host_id = TRY(inventory.host(wanted.host, context.cancel)).id;
    }
    if (!wanted.resource_pool.empty()) {
      item.pool_id = TRY(inventory.pool(wanted.cluster, wanted.host, wanted.resource_pool,
                                        context.cancel)).id;
    }
    if (!wanted.datastore.empty()) {
      item.datastore_id = TRY(inventory.datastore(wanted.datastore, context.cancel)).ref.id;
    }
    TRY(libraries.create_template(item, context.cancel));
  }
  machine_->destroy = machine_->destroy || wanted.destroy;
  return {};
}

Result<void> ExportMachine::run(BuildContext& context) {
  if (!options_->finish.exported) return {};
  const ExportOptions& wanted = *options_->finish.exported;
  const std::string folder = resolve_path(context, wanted.directory);
  const std::string target = io::join_path(folder, wanted.name + "." + wanted.format);
  if (wanted.format == "ova" && !io::find_program("ovftool", context.environment)) {
    return not_found("output_format = \"ova\" needs ovftool in the PATH of this machine");
  }
  if (io::exists(target) && !wanted.force && !context.force) {
    return conflict(fmt::format("{} already exists; 'force = true' in the export block replaces it",
                                target));
  }
  made_folder_ = !io::exists(folder);
  // A folder of our own is swept whole, in somebody else's only the last thing we make.
  intent_ = TRY(context.ledger.intend(resource_kind::kPath, made_folder_ ? folder : target));
  TRY(io::make_directories(folder, wanted.directory_mode));
  context.ui.say(fmt::format("Exporting to Open Virtualization Format ({})...", wanted.format));
  ExportRequest request{machine_->ref, folder, wanted.name, wanted.image_files, wanted.manifest,
                        wanted.options};
  if (wanted.format == "ova") request.manifest = "none";
  std::vector<std::string> files = TRY(export_machine(
      *machine_->session, request,
      [&](uint64_t done, uint64_t total) { context.ui.progress("export", done, total); },
      context.cancel));
  made_ = files;
  for (const std::string& file : files) context.ui.message(file);
  if (wanted.format == "ova") TRY(pack(context, folder, std::move(files)));
  machine_->exported = made_;
  return {};
}

Result<void> ExportMachine::pack(BuildContext& context, const std::string& folder,
                                 std::vector<std::string> parts) {
  const ExportOptions& wanted = *options_->finish.exported;
  const std::string ova = io::join_path(folder, wanted.name + ".ova");
  const std::string ovf = io::join_path(folder, wanted.name + ".ovf");
  TRY(io::remove_file(ova));
  io::RunOptions run;
  run.spawn.argv = {"ovftool", "--acceptAllEulas"};
  if (wanted.manifest != "none") {
    run.spawn.argv.push_back("--shaAlgorithm=" + wanted.manifest);
  } else {
    run.spawn.argv.push_back("--skipManifestGeneration");
  }
  run.spawn.argv.insert(run.spawn.argv.end(), {ovf, ova});
  run.spawn.environment = context.environment.all();
  run.spawn.own_process_group = true;
  run.deadline = kPackLimit;
  made_.push_back(ova);
  context.ui.say("Packing " + ova);
  const Result<io::Finished> packed = io::run_program_checked(run, context.cancel);
  if (!packed) return packed.error().within("ovftool");
  for (const std::string& part : parts) TRY(io::remove_file(part));
  made_ = {ova};
  return {};
}

Result<void> ExportMachine::cleanup(BuildContext& context) {
  if (!intent_) return {};
  if (!machine_->complete) {
    for (const std::string& file : made_) TRY(io::remove_file(file));
    if (made_folder_) {
      TRY(io::remove_tree(resolve_path(context, options_->finish.exported->directory)));
    }
  }
  const uint64_t intent = *intent_;
  intent_.reset();
  return machine_->complete ? context.ledger.keep(intent) : context.ledger.gone(intent);
}

Result<void> Complete::run(BuildContext& context) {
  const Result<ObjectProperties> summary =
      retrieve(*machine_->session, machine_->ref,
               {"config.uuid", "config.hardware.numCPU", "config.hardware.memoryMB", "config.version",
                "config.annotation", "datastore", "network"},
               context.cancel);
  if (summary) {
    for (const auto& [from, to] : {std::pair{"config.uuid", "vm_uuid"},
                                   std::pair{"config.hardware.numCPU", "num_cpu"},
                                   std::pair{"config.hardware.memoryMB", "memory_mb"},
                                   std::pair{"config.version", "hardware_version"},
                                   std::pair{"config.annotation", "annotation"}}) {
      const std::string text = summary->text(from);
      if (!text.empty()) machine_->metadata[to] = text;
    }
    for (const auto& [from, to] :
         {std::pair{"datastore", "datastores"}, std::pair{"network", "networks"}}) {
      const std::vector<Reference> list = reference_list(summary->value(from));
      std::string names;
      for (const Reference& one : list) {
        const Result<ObjectProperties> named =
            retrieve(*machine_->session, one, {"name"}, context.cancel);
        if (named) names += (names.empty() ? "" : ",") + named->text("name");
      }
      if (!names.empty()) machine_->metadata[to] = names;
    }
  }
  machine_->complete = true;
  return {};
}

artifact::Artifact make_artifact(const BuildContext& context, const MachineOptions& options,
                                 const Machine& machine) {
  using value::Value;
  artifact::Artifact artifact;
  artifact.builder_id = "jetbrains.vsphere";
  artifact.id = options.location.vm_name;
  artifact.text = options.location.vm_name;
  const std::string base = context.working_directory + "/";
  for (const std::string& file : machine.exported) {
    artifact.files.push_back(file.starts_with(base) ? file.substr(base.size()) : file);
    artifact.destroy_paths.push_back(artifact.files.back());
  }
  artifact.state["generated_data"] = Value::object(context.generated);
  Value::Map metadata;
  for (const auto& [key, text] : machine.metadata) metadata[key] = Value::string(text);
  artifact.state["metadata"] = Value::object(std::move(metadata));
  if (const auto url = context.generated.find("SourceImageURL"); url != context.generated.end()) {
    artifact.state["SourceImageURL"] = url->second;
  }
  if (!machine.cd_images.empty()) {
    artifact.state["iso_path"] = Value::string(machine.cd_images.front());
  }
  if (!machine.source.empty()) artifact.state["source_template"] = Value::string(machine.source);
  // For the post-processors, which log in by themselves.
  artifact.state["vm_path"] = Value::string(machine.path);
  return artifact;
}

}  // namespace farm::builders::vsphere
