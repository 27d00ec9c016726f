#include "builders/steps/temporary_key.h"

#include <fmt/format.h>

#include "builders/communicators/ssh/key_pair.h"
#include "common/base/log.h"
#include "common/io/files.h"

namespace farm::builders::steps {

Result<void> CreateTemporaryKey::run(BuildContext& context) {
  ssh::SshOptions& ssh = options_->ssh;
  if (options_->type != CommunicatorType::Ssh) return {};
  if (!ssh.private_key_file.empty()) {
    context.ssh_private_key = TRY(io::read_file(ssh.private_key_file, 1U << 20));
    return {};
  }
  if (!ssh.needs_temporary_key()) return {};
  if (ssh.temporary_key_pair_name.empty()) {
    ssh.temporary_key_pair_name = "packer_" + uuid_v4(context.random);
  }
  context.ui.say(fmt::format("Creating temporary {} SSH key for instance...",
                             ssh.temporary_key_pair_type));
  const ssh::KeyPairType type = TRY(ssh::key_pair_type_from_name(ssh.temporary_key_pair_type));
  const ssh::KeyPair pair = TRY(ssh::generate_key_pair(type, ssh.temporary_key_pair_bits,
                                                       ssh.temporary_key_pair_name));
  std::string line = pair.authorized_keys;
  while (line.ends_with('\n')) line.pop_back();
  ssh.private_key = pair.private_key;
  ssh.public_key = line;
  context.ssh_private_key = pair.private_key.reveal();
  context.ssh_public_key = line;
  if (context.on_error != OnError::Cleanup) {
    const std::string file = context.temp_directory + "/ssh-key";
    TRY(io::write_file_atomic(file, context.ssh_private_key, 0600));
    context.reach["temporary_key"] = "The temporary key for " + ssh.username + " is in " + file;
  }
  if (context.debug) return write_debug_key(context);
  return {};
}

Result<void> CreateTemporaryKey::write_debug_key(BuildContext& context) {
  debug_file_ = resolve_path(context, context.render.build_name + ".pem");
  context.ui.message("Saving key for debug purposes: " + debug_file_);
  return io::write_file_atomic(debug_file_, context.ssh_private_key, 0600);
}

Result<void> CreateTemporaryKey::cleanup(BuildContext&) {
  return debug_file_.empty() ? Result<void>() : io::remove_file(debug_file_);
}

Result<void> RemoveTemporaryKey::run(BuildContext& context) {
  const ssh::SshOptions& ssh = options_->ssh;
  const bool made_here = !ssh.private_key.reveal().empty();
  if (!ssh.clear_authorized_keys || !made_here || !context.communicator) return {};
  context.ui.say("Trying to remove ephemeral keys from authorized_keys files");
  // The name is ours or the template's; letters outside this set would be sed syntax.
  if (ssh.temporary_key_pair_name.find_first_of("/'\\.*[]^$\n") != std::string::npos) {
    log::warn("temporary key not removed: its name has special characters", {});
    return {};
  }
  for (const char* form : {"sed -i.bak '/ {0}$/d' ~/.ssh/authorized_keys; "
                           "rm ~/.ssh/authorized_keys.bak",
                           "sudo -n sed -i.bak '/ {0}$/d' /root/.ssh/authorized_keys; "
                           "sudo -n rm /root/.ssh/authorized_keys.bak"}) {
    RemoteCommand command;
    command.command = fmt::format(fmt::runtime(form), ssh.temporary_key_pair_name);
    const Result<int> done = context.communicator->run(command, context.cancel);
    if (!done || *done != 0) {
      log::info("temporary key not removed", {{"command", command.command}});
    }
  }
  return {};
}

}  // namespace farm::builders::steps
