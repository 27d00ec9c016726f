// TCP connections for SSH: open one by a deadline, or find out when a machine that is booting has
// an SSH server: user-mode networks and port forwarders accept a connection long before that, and
// then say nothing, so only the server's own first bytes count.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::builders::ssh {

/// A connected, non-blocking socket without delay and with the kernel's keep-alive.
Result<io::Fd> tcp_connect(const std::string& host, uint16_t port, Instant deadline,
                           const CancelToken& cancel);

/// Whether the first bytes of the peer have come by `deadline`. Unavailable when it hung up.
Result<void> await_banner(int socket, Instant deadline, const CancelToken& cancel);

/// Keeps several connections waiting at once, opening a new one about every second, until the
/// server's first bytes come over one of them. How long each may wait grows with the time spent,
/// so that a slow server is met as well as a late one. Timeout, or Cancelled.
Result<io::Fd> await_ssh_server(const std::string& host, uint16_t port, Instant deadline,
                                const CancelToken& cancel);

}  // namespace farm::builders::ssh
