// ScopedContext: the same build under another cancel token, for a provisioner with a timeout and
// for cleanup that must run although the build was cancelled. What steps set moves in and, at the
// end of the scope, back.
#pragma once

#include "builders/core/build_context.h"

namespace farm::agent {

class ScopedContext {
 public:
  ScopedContext(builders::BuildContext& outer, const CancelToken& cancel);
  ScopedContext(const ScopedContext&) = delete;
  ScopedContext& operator=(const ScopedContext&) = delete;
  ~ScopedContext();

  builders::BuildContext& context() { return inner_; }

 private:
  builders::BuildContext& outer_;
  builders::BuildContext inner_;
};

/// A token that fires with `outer` or when `timeout` is over; one thread waits for either.
class DeadlineToken {
 public:
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
