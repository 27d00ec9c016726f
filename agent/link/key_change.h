// KeyChange: the agent's own key and the coordinator's, and how they are replaced while jobs run:
// the new key is registered over the old session, the coordinator's new one is heard over it too.
// What is agreed is on disk before it is used. Owner thread: the agent's main thread.
#pragma once

#include <optional>
#include <string>

#include "agent/link/zmq_link.h"
#include "common/base/random.h"
#include "common/wire/message.h"

namespace farm::agent {

class KeyChange {
 public:
  /// `state` is the agent's state directory; `configured` the coordinator that its configuration
  /// names (may be empty).
  KeyChange(std::string state, std::string configured, net::CurveKeys keys, LinkAddress address,
            Random& random);

  const net::CurveKeys& keys() const { return keys_; }
  const LinkAddress& address() const { return address_; }

  struct Next {
    std::optional<wire::Command> say;  // over the session as it is
    bool reopen = false;               // keys() or address() are others now
  };
  /// What the coordinator said about keys, asked or unasked. An error is logged by the caller; the
  /// old keys stay.
  Result<Next> take(const wire::QueryReply& reply);
  /// The session stands: a change that was begun is said again.
  Result<Next> connected();

 private:
  Result<Next> say_new_key();
  Result<void> move_to(const LinkAddress& address);
  std::string path(const char* name) const { return state_ + "/" + name; }

  std::string state_;
  std::string configured_;
  net::CurveKeys keys_;
  LinkAddress address_;
  Random& random_;
  RequestId asked_;  // of the Command that is not answered
};

/// Whether the coordinator moved since `configured` was written into the configuration: what the
/// state directory says counts then.
bool coordinator_moved(const std::string& state, const std::string& configured);

}  // namespace farm::agent
