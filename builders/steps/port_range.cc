#include "builders/steps/port_range.h"

#include <fmt/format.h>

#include "common/net/http/server.h"

namespace farm::builders::steps {

Result<PortReservation> PortReservation::take(uint16_t low, uint16_t high,
                                              const std::string& address,
                                              const std::string& cache_directory,
                                              Random& random) {
  const std::string folder = io::join_path(cache_directory, "port");
  TRY(io::make_directories(folder));
  const uint32_t count = high > low ? static_cast<uint32_t>(high - low) : 1U;
  const uint64_t start = random.below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const auto port = static_cast<uint16_t>(low + (start + i) % count);
    auto lock = io::FileLock::acquire(fmt::format("{}/{}", folder, port), io::steady_now(),
                                      CancelToken());
    if (!lock) {
      if (lock.error().code == ErrorCode::Timeout) continue;
      return lock.error();
    }
    // Bound and closed again: the program that will use the port opens it itself.
    const auto socket = net::listen_tcp(address, port);
    if (socket) return PortReservation(port, std::move(*lock));
    if (socket.error().code != ErrorCode::Conflict) return socket.error();
  }
  return conflict(fmt::format("no free port from {} to {} on {}", low, high, address));
}

}  // namespace farm::builders::steps
