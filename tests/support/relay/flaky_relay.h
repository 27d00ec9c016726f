// FlakyRelay: a TCP relay on loopback between a client and a server that behaves like a bad network:
// every piece arrives late, bytes flow at a bounded rate, and connections break after a number of
// bytes. One thread of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/io/fd.h"

namespace farm::test {

struct RelaySettings {
  Duration delay{0};              // of each piece
  uint64_t bytes_per_second = 0;  // each way; 0: as fast as it goes
  uint64_t break_after = 0;       // bytes of a connection, both ways together; 0: never
  int breaks = 1 << 30;           // how many connections break
};

class FlakyRelay {
 public:
  FlakyRelay(uint16_t target_port, const RelaySettings& settings);
  ~FlakyRelay();
  FlakyRelay(const FlakyRelay&) = delete;
  FlakyRelay& operator=(const FlakyRelay&) = delete;
  uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  struct Line;
  void loop();

  RelaySettings settings_;
  uint16_t target_port_;
  uint16_t port_ = 0;
  io::Fd listener_;
  CancelToken stop_;
  std::atomic<int> connections_{0};
  int broken_ = 0;
  std::thread thread_;
};

}  // namespace farm::test
