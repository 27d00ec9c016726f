// The client side of SOCKS5 (RFC 1928) with user name and password (RFC 1929).
#pragma once

#include <cstdint>
#include <string>

#include "builders/communicators/ssh/ssh_options.h"
#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::builders::ssh {

/// A connection to `host`:`port` that the proxy makes; names are resolved by the proxy.
Result<io::Fd> connect_through_proxy(const ProxyOptions& proxy, const std::string& host,
                                     uint16_t port, Instant deadline, const CancelToken& cancel);

}  // namespace farm::builders::ssh
