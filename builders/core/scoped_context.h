// ScopedContext: the same build under another cancel token, for a provisioner with a timeout and
// for cleanup that must run although the build was cancelled. What steps set moves in and, at the
// end of the scope, back.
#pragma once

#include "builders/core/build_context.h"

namespace farm::builders {

class ScopedContext {
 public:
  ScopedContext(BuildContext& outer, const CancelToken& cancel);
  ScopedContext(const ScopedContext&) = delete;
  ScopedContext& operator=(const ScopedContext&) = delete;
  ~ScopedContext();

  BuildContext& context() { return inner_; }

 private:
  BuildContext& outer_;
  BuildContext inner_;
};

}  // namespace farm::builders
