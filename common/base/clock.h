// Clock: the two clocks of the program behind one interface. Wall time is for people and records,
// steady time for deadlines; between hosts only durations travel. Tests use ManualClock.
#pragma once

#include <chrono>
#include <cstdint>

namespace farm {

using Duration = std::chrono::nanoseconds;

/// A point of the steady clock of this process; comparable only within one boot.
struct Instant {
  int64_t nanos = 0;
  friend auto operator<=>(const Instant&, const Instant&) = default;
  friend Instant operator+(Instant at, Duration d) { return {at.nanos + d.count()}; }
  friend Instant operator-(Instant at, Duration d) { return {at.nanos - d.count()}; }
  friend Duration operator-(Instant a, Instant b) { return Duration(a.nanos - b.nanos); }
};

/// Wall time: nanoseconds since 1970-01-01 UTC.
struct WallTime {
  int64_t nanos = 0;
  int64_t unix_seconds() const { return nanos / 1'000'000'000; }
  friend auto operator<=>(const WallTime&, const WallTime&) = default;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual WallTime wall() const = 0;
  /// Blocks the calling thread for `duration` (ManualClock: advances instead).
  virtual void sleep(Duration duration) = 0;
};

/// The clocks of the operating system.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
  WallTime wall() const override;
  void sleep(Duration duration) override;
};

/// A clock that moves only when told; starts at 2024-01-02T03:04:05Z.
class ManualClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall() const override { return wall_; }
  void sleep(Duration duration) override { advance(duration); }
  void advance(Duration duration) {
    now_ = now_ + duration;
    wall_.nanos += duration.count();
  }
  void set_wall(WallTime wall) { wall_ = wall; }

 private:
  Instant now_{1'000'000'000};
  WallTime wall_{1'704'164'645'000'000'000};
};

}  // namespace farm
