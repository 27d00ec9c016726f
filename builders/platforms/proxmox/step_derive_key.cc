#include "builders/platforms/proxmox/step_derive_key.h"

#include "builders/communicators/ssh/private_key.h"
#include "builders/communicators/ssh/wire.h"
#include "common/io/files.h"

namespace farm::builders::platform_proxmox {
namespace {

constexpr uint64_t kLargestKey = 1U << 20;

}  // namespace

Result<void> DeriveKey::run(BuildContext& context) {
  const ssh::SshOptions& ssh = options_->ssh;
  const bool wanted = options_->type == CommunicatorType::Ssh && !ssh.password && !ssh.agent_auth &&
                      !ssh.private_key_file.empty();
  if (!wanted) return {};
  const std::string text = TRY(io::read_file(ssh.private_key_file, kLargestKey));
  const Result<ssh::PrivateKey> key = ssh::PrivateKey::parse(text);
  if (!key) return key.error().within("ssh_private_key_file");
  context.ssh_public_key = key->type_name() + " " + ssh::base64_encode(key->public_blob()) +
                           " packer_" + context.run_uuid;
  return {};
}

}  // namespace farm::builders::platform_proxmox
