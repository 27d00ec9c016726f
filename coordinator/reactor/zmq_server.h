// ZmqServer: the running coordinator: opens the store, binds the three endpoints behind ZAP, runs the
// reactor loop. What it decides is in Service; what moves bytes is in BulkThread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "coordinator/access/rate_limit.h"
#include "coordinator/core/state.h"

namespace farm::coordinator {

struct ServerConfig {
  std::string data = "/var/lib/farm/coordinator";
  std::string control = "tcp://*:7440";
  std::string bulk = "tcp://*:7441";
  std::string enroll = "tcp://*:7442";
  std::string advertise;  // host that tokens name; empty: the one that is bound, or this machine's
  bool accept_loss = false;
  std::string version;
  Policy policy;
  RateLimit::Rate requests = {200, 2000};  // of each person
};

class ZmqServer {
 public:
  /// Unavailable: an address is in use; Corrupt: the store lost acknowledged batches.
  static Result<std::unique_ptr<ZmqServer>> start(const ServerConfig& config);
  ~ZmqServer();
  ZmqServer(const ZmqServer&) = delete;
  ZmqServer& operator=(const ZmqServer&) = delete;

  enum class Ended : uint8_t { Stopped, NewProcessNeeded };
  /// Until stop(), or until only a new process can write the store (its disk had failed and is well
  /// again): then this object must not be destroyed, the process is to be replaced by itself.
  /// Owner thread of all control state.
  Ended run();
  /// From any thread or a signal handler.
  void stop();

  /// The endpoints with their real ports, and the coordinator's public key.
  const std::string& control_endpoint() const;
  const std::string& bulk_endpoint() const;
  const std::string& enroll_endpoint() const;
  const std::string& public_key() const;

 private:
  class Impl;
  explicit ZmqServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace farm::coordinator
