// Packets of the socket between supervisor and zygote: a short text and at most one descriptor.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::agent {

struct Packet {
  std::string text;
  io::Fd descriptor;
};

/// Waits at most 5 s for room. Unavailable: the other end is closed.
Result<void> send_packet(int socket, std::string_view text, int descriptor = -1);
/// Never blocks; empty: nothing there. Unavailable: the other end is closed.
Result<std::optional<Packet>> receive_packet(int socket);

}  // namespace farm::agent
