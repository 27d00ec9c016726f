// Transport: how messages of authenticated peers come and go. ZeroMQ behind it in the program, a
// queue in tests.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/wire/message.h"

namespace farm::coordinator {

/// Which endpoint a peer is connected to.
enum class Lane : uint8_t { Control, Bulk, Enroll, Http };

struct Peer {
  Lane lane = Lane::Control;
  std::string routing;  // names the connection, gives no rights
  std::string user;     // what ZAP found for the CURVE key; on Enroll the public key itself
  friend auto operator<=>(const Peer&, const Peer&) = default;
};

struct Incoming {
  Peer from;
  wire::Message message;
};

struct Outgoing {
  Peer to;
  wire::Message message;
};

class Transport {
 public:
  virtual ~Transport() = default;
  /// Never blocks. Timeout: the peer reads too slowly, its queue is full; Unavailable: it is gone.
  virtual Result<void> send(const Outgoing& outgoing) = 0;
};

}  // namespace farm::coordinator
