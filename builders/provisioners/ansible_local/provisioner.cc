#include <filesystem>
#include <fmt/format.h>

#include "builders/core/registry.h"
#include "builders/provisioners/ansible_local/config.h"
#include "builders/staging/guest.h"
#include "common/base/random.h"
#include "common/io/files.h"

namespace farm::builders::provisioner_ansible_local {
namespace {

using staging::Guest;

std::string without_last_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string local_path(const BuildContext& context, const std::string& path) {
  return without_last_slash(
      std::filesystem::path(resolve_path(context, path)).lexically_normal().string());
}

class AnsibleLocal final : public Provisioner {
 public:
  Findings prepare(const value::Value& config, const PrepareContext& context) override {
    Findings findings;
    config_ = decode(config, context, findings);
    return findings;
  }

  Result<void> provision(BuildContext& context) override {
    const Guest guest = TRY(Guest::of(context, {}));
    staging_ = config_.staging_directory.empty()
                   ? "/tmp/packer-provisioner-ansible-local/" + uuid_v4(context.random)
                   : without_last_slash(config_.staging_directory);
    roles_ = config_.galaxy_roles_path.empty() ? staging_ + "/galaxy_roles"
                                               : config_.galaxy_roles_path;
    collections_ = config_.galaxy_collections_path.empty() ? staging_ + "/galaxy_collections"
                                                           : config_.galaxy_collections_path;
    context.ui.say("Provisioning with Ansible...");
    const Result<void> done = stage_and_run(context, guest);
    if (!config_.clean_staging_directory) return done;
    context.ui.message("Removing staging directory...");
    const Result<void> removed = guest.remove_directory(staging_);
    TRY(done);
    return removed;
  }

 private:
  Result<void> stage_and_run(BuildContext& context, const Guest& guest) {
    if (config_.playbook_dir.empty()) {
      context.ui.message("Creating Ansible staging directory...");
      TRY(guest.make_directory(staging_));
    } else {
      context.ui.message("Uploading Playbook directory to Ansible staging directory...");
      TRY(guest.upload_contents(config_.playbook_dir, staging_));
    }
    const std::vector<std::string> playbooks = TRY(upload_playbooks(context, guest));
    if (!config_.galaxy_file.empty()) {
      context.ui.message("Uploading galaxy file...");
      TRY(guest.upload_file(config_.galaxy_file, staged(config_.galaxy_file)));
    }
    const std::string inventory = TRY(upload_inventory(context, guest));
    TRY(upload_folders(context, guest));
    if (!config_.galaxy_file.empty()) TRY(run_galaxy(context, guest));
    for (const std::string& playbook : playbooks) {
      TRY(run_playbook(context, guest, playbook, inventory));
    }
    return {};
  }

  std::string staged(const std::string& local) const {
    return staging_ + "/" + io::base_name(local);
  }

  /// The playbooks' paths on the guest. One of playbook_dir is there already; playbook_file lies in
  /// the staging directory itself; of playbook_files, each keeps its own path below it.
  Result<std::vector<std::string>> upload_playbooks(BuildContext& context, const Guest& guest) {
    std::vector<std::string> remote;
    std::string folder = local_path(context, config_.playbook_dir);
    for (const std::string& playbook : config_.playbook_files) {
      const std::string local = local_path(context, playbook);
      if (config_.single_playbook) {
        context.ui.message("Uploading main Playbook file...");
        remote.push_back(staged(local));
      } else if (!config_.playbook_dir.empty() && local.starts_with(folder + "/")) {
        remote.push_back(staging_ + local.substr(folder.size()));
        continue;
      } else {
        context.ui.message("Uploading playbook file: " + local);
        remote.push_back(staging_ + local);
        TRY(guest.make_directory(io::parent_path(remote.back())));
      }
      TRY(guest.upload_file(local, remote.back()));
    }
    return remote;
  }

  Result<std::string> upload_inventory(BuildContext& context, const Guest& guest) {
    context.ui.message("Uploading inventory file...");
    if (!config_.inventory_file.empty()) {
      TRY(guest.upload_file(config_.inventory_file, staged(config_.inventory_file)));
      return staged(config_.inventory_file);
    }
    std::string text;
    for (const std::string& group : config_.inventory_groups) {
      text += "[" + group + "]\n127.0.0.1\n";
    }
    if (text.empty()) text = "127.0.0.1\n";
    const std::string remote = fmt::format("{}/packer-provisioner-ansible-local{}", staging_,
                                           context.random.below(1'000'000'000));
    TRY(guest.upload_text(text, remote));
    return remote;
  }

  Result<void> upload_folders(BuildContext& context, const Guest& guest) {
    if (!config_.group_vars.empty()) {
      context.ui.message("Uploading group_vars directory...");
      TRY(guest.upload_contents(config_.group_vars, staging_ + "/group_vars"));
    }
    if (!config_.host_vars.empty()) {
      context.ui.message("Uploading host_vars directory...");
      TRY(guest.upload_contents(config_.host_vars, staging_ + "/host_vars"));
    }
    const auto each = [&](const std::vector<std::string>& paths, const char* said,
                          const char* below) -> Result<void> {
      if (!paths.empty()) context.ui.message(said);
      for (const std::string& path : paths) {
        const std::string name = io::base_name(without_last_slash(path));
        TRY(guest.upload_contents(path, fmt::format("{}/{}/{}", staging_, below, name)));
      }
      return {};
    };
    TRY(each(config_.role_paths, "Uploading role directories...", "roles"));
    TRY(each(config_.collection_paths, "Uploading collection directories...", "collections"));
    return each(config_.playbook_paths, "Uploading additional Playbooks...", "playbooks");
  }

  Result<void> run_galaxy(BuildContext& context, const Guest& guest) {
    const Result<std::string> text =
        io::read_file(resolve_path(context, config_.galaxy_file), 4U << 20);
    if (!text) return text.error().within("galaxy_file");
    const std::string content = "\n" + *text;
    const bool has_collections = content.find("\ncollections:") != std::string::npos;
    const bool has_roles =
        !has_collections || content.find("\nroles:") != std::string::npos;
    const char* force = config_.galaxy_force_install ? " -f" : "";
    const auto install = [&](const char* kind, const std::string& into) -> Result<void> {
      const std::string command =
          fmt::format("cd {} && {} {}install -r {} -p {}{}", staging_, config_.galaxy_command, kind,
                      staged(config_.galaxy_file), into, force);
      context.ui.message("Executing Ansible Galaxy: " + command);
      const int status = TRY(guest.run(command));
      if (status == 0) return {};
      return invalid_input(
          fmt::format("Error executing Ansible Galaxy: Non-zero exit status: {}", status));
    };
    if (has_roles) TRY(install("", roles_));
    if (has_collections) TRY(install("collection ", collections_));
    return {};
  }

  Result<void> run_playbook(BuildContext& context, const Guest& guest, const std::string& playbook,
                            const std::string& inventory) {
    // What the galaxy file brought lies beside no playbook: it has to be named.
    std::string search;
    if (!config_.galaxy_file.empty()) {
      search = fmt::format(
          "export ANSIBLE_ROLES_PATH='{}':~/.ansible/roles:/usr/share/ansible/roles:"
          "/etc/ansible/roles ANSIBLE_COLLECTIONS_PATH='{}':~/.ansible/collections:"
          "/usr/share/ansible/collections && ",
          roles_, collections_);
    }
    std::string variables =
        fmt::format("packer_build_name={} packer_builder_type={}", context.render.build_name,
                    context.render.build_type);
    if (context.http_port != 0) {
      variables += fmt::format(" packer_http_addr={}:{}", context.http_ip, context.http_port);
    }
    const std::string command = fmt::format(
        "cd {} && {}{} {} --extra-vars \"{} -o IdentitiesOnly=yes\" {} -c local -i {}", staging_,
        search, config_.command, playbook, variables, fmt::join(config_.extra_arguments, " "),
        inventory);
    context.ui.message("Executing Ansible: " + command);
    const int status = TRY(guest.run(command));
    if (status == 0) return {};
    if (status == 127) {
      return invalid_input(fmt::format(
          "Error executing Ansible: {} could not be found. Verify that it is available on the "
          "PATH after connecting to the machine.",
          config_.command));
    }
    return invalid_input(
        fmt::format("Error executing Ansible: Non-zero exit status: {}", status));
  }

  Config config_;
  std::string staging_;
  std::string roles_;
  std::string collections_;
};

}  // namespace

void register_component(Registry& registry) {
  registry.add_provisioner("ansible-local", [] { return std::make_unique<AnsibleLocal>(); });
}

}  // namespace farm::builders::provisioner_ansible_local
