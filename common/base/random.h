// Random: bytes and numbers. SystemRandom is the kernel's; SeededRandom repeats itself for tests.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>

namespace farm {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;
  void fill(std::span<uint8_t> bytes);
  /// Uniform in [0, bound); 0 when bound is 0.
  uint64_t below(uint64_t bound);
  /// `length` characters of a-z0-9.
  std::string word(size_t length);
};

class SystemRandom final : public Random {
 public:
  uint64_t next() override;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

/// Version 4 UUID in lower-case text.
std::string uuid_v4(Random& random);

}  // namespace farm
