// Transport: how a session sends messages. Over ZeroMQ in farm-agent, by function call in tests.
#pragma once

#include "common/wire/message.h"

namespace farm::agent {

/// Control carries leases and results and never waits behind bulk: logs and chunks.
enum class Lane { Control, Bulk };

class Transport {
 public:
  virtual ~Transport() = default;
  /// False: no room or no connection now; the caller tries again later.
  virtual bool send(Lane lane, const wire::Message& message) = 0;
};

}  // namespace farm::agent
