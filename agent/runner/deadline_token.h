// DeadlineToken: a cancel token that fires with another one or when a time is over, for provisioners
// with a timeout.
#pragma once

#include <memory>

#include "common/base/cancel.h"
#include "common/base/clock.h"

namespace farm::agent {

class DeadlineToken {
 public:
  /// Fires with `outer` or when `timeout` is over; one thread waits for either.
  DeadlineToken(const CancelToken& outer, Duration timeout);
  DeadlineToken(const DeadlineToken&) = delete;
  DeadlineToken& operator=(const DeadlineToken&) = delete;
  ~DeadlineToken();

  const CancelToken& token() const;
  /// True when it was the timeout that fired.
  bool expired() const;

 private:
  struct Watch;
  std::unique_ptr<Watch> watch_;
};

}  // namespace farm::agent
