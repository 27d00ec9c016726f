// ZmqServer: the running coordinator: opens the store, binds the three endpoints behind ZAP, runs the
// reactor loop. What it decides is in Service; what moves bytes is in BulkThread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "coordinator/access/rate_limit.h"
#include "coordinator/artifacts/chunk_keeper.h"
#include "coordinator/core/state.h"

namespace farm::coordinator {

struct ServerConfig {
  std::string data = "/var/lib/farm/coordinator";
  std::string control = "tcp://*:7440";
  std::string bulk = "tcp://*:7441";
  std::string enroll = "tcp://*:7442";
  // The second set, for the time in which the coordinator changes its key and from then on.
  std::string next_control = "tcp://*:7444";
  std::string next_bulk = "tcp://*:7445";
  std::string next_enroll = "tcp://*:7446";
  std::string advertise;  // host that tokens name; empty: the one that is bound, or this machine's
  bool accept_loss = false;
  std::string https = "tcp://*:7443";  // "off": no HTTP API and no dashboard
  std::string https_certificate;  // PEM files; empty: one of our own, made at the first start
  std::string https_key;
  unsigned https_request_seconds = 10;  // for a whole request to come
  /// farm-planner, which plans every submission again; empty: jobs are taken as they come, for tests
  /// and benchmarks that make them up.
  std::string planner;
  std::string version;
  Policy policy;
  RateLimit::Rate requests = {200, 2000};  // of each person
  KeeperPolicy chunks;
};

class ZmqServer {
 public:
  /// Unavailable: an address is in use; Corrupt: the store lost acknowledged batches.
  static Result<std::unique_ptr<ZmqServer>> start(const ServerConfig& config);
  ~ZmqServer();
  ZmqServer(const ZmqServer&) = delete;
  ZmqServer& operator=(const ZmqServer&) = delete;

  enum class Ended : uint8_t {
    Stopped,
    StoppedReadOnly,   // the store's disk had failed: the process is to end without destructors
    NewProcessNeeded,  // and is well again: the process is to be replaced by itself
  };
  /// Until stop(), or until a disk that failed is well again. Owner thread of all control state.
  Ended run();
  /// From any thread or a signal handler.
  void stop();

  /// The endpoints in use at the start with their real ports, and their public key.
  const std::string& control_endpoint() const;
  const std::string& bulk_endpoint() const;
  const std::string& enroll_endpoint() const;
  const std::string& public_key() const;
  /// "https://HOST:PORT" and the fingerprint of its certificate; empty when it is off.
  std::string https_url() const;
  std::string https_fingerprint() const;

 private:
  class Impl;
  explicit ZmqServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace farm::coordinator
