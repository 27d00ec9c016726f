// PortReservation: a free TCP port of a range, kept from other builds on this machine by a lock
// file per port in the cache directory. Serves http_port_*, vnc_port_* and host_port_*.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/cancel.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/io/files.h"

namespace farm::builders::steps {

class PortReservation {
 public:
  /// A random port from `low` up to but not including `high` (equal: that port) on which
  /// `address` can be listened to. Conflict: none is free.
  static Result<PortReservation> take(uint16_t low, uint16_t high, const std::string& address,
                                      const std::string& cache_directory, Random& random);
  uint16_t port() const { return port_; }

 private:
  PortReservation(uint16_t port, io::FileLock lock) : port_(port), lock_(std::move(lock)) {}
  uint16_t port_;
  io::FileLock lock_;  // until the reservation goes
};

}  // namespace farm::builders::steps
