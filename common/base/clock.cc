#include "common/base/clock.h"

#include <thread>

namespace farm {

Instant SystemClock::now() const {
  return {std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())
              .count()};
}

WallTime SystemClock::wall() const {
  return {std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

void SystemClock::sleep(Duration duration) { std::this_thread::sleep_for(duration); }

}  // namespace farm
