// SelfTest: before a coordinator serves, it knocks at its own door with a key that nobody enrolled. A
// door that opens to it means that ZAP is not asked (an empty domain is enough for that), and the
// farm would be everybody's: then it does not start.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/net/zmq/socket.h"

namespace farm::coordinator {

/// The key that may pass while the test runs; asked by the ZAP callback.
class SelfTestKey {
 public:
  void set(std::string public_key) {
    key_.store(std::make_shared<const std::string>(std::move(public_key)));
  }
  void clear() { key_.store(nullptr); }
  bool is(const std::string& public_key) const {
    const std::shared_ptr<const std::string> key = key_.load();
    return key != nullptr && *key == public_key;
  }

 private:
  // Shared by the ZAP thread, which reads while the reactor replaces it.
  std::atomic<std::shared_ptr<const std::string>> key_;
};

inline constexpr const char* kSelfTestUser = "self-test";

/// Connects to `router` with an accepted and with an unknown key. Denied: the unknown key came
/// through; Unavailable: the accepted one did not within the limit. Before anybody else is served:
/// what other peers send meanwhile is dropped, and they send it again.
Result<void> test_own_door(net::ZmqContext& context, net::Router& router,
                           const std::string& server_key, SelfTestKey& accepted,
                           const Clock& clock);

}  // namespace farm::coordinator
