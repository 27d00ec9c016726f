// ScreenCamera: pictures of the machine's screen, by qemu's own screendump, into the job's log.
#pragma once

#include <string>

#include "builders/core/build_context.h"
#include "builders/platforms/qemu/qmp.h"

namespace farm::builders::platform_qemu {

class ScreenCamera {
 public:
  /// Takes a picture unless the screen is as it was. False when none could be had: the machine is
  /// gone, or has no screen. Never fails a build.
  bool capture(BuildContext& context, QmpClient& monitor, const std::string& caption);
  /// Seconds since the last picture; empty when there is none.
  std::string age() const;

 private:
  std::string last_;  // the raw picture
  Instant taken_{0};
  int count_ = 0;
};

}  // namespace farm::builders::platform_qemu
