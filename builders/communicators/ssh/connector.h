// connect_ssh(): waits until a machine that is booting has an SSH server that lets us in, saying
// what users know from Packer. Thread: the build's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "builders/communicators/ssh/ssh_options.h"
#include "builders/core/communicator.h"
#include "builders/core/ui.h"

namespace farm::builders::ssh {

struct SshAddress {
  std::string host;
  uint16_t port = 22;
};
/// Asked before every try: the address of a machine may come late, or change. An error with
/// `retryable` is asked again.
using AddressSource = std::function<Result<SshAddress>()>;

/// Limits: options.timeout for everything, options.handshake_attempts for refused logins.
Result<std::unique_ptr<Communicator>> connect_ssh(const SshOptions& options,
                                                  const AddressSource& address,
                                                  const CancelToken& cancel, Ui& ui);
Result<std::unique_ptr<Communicator>> connect_ssh(const SshOptions& options,
                                                  const std::string& host, uint16_t port,
                                                  const CancelToken& cancel, Ui& ui);

}  // namespace farm::builders::ssh
