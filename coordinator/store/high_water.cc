#include "coordinator/store/high_water.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace farm::coordinator {
namespace {

constexpr size_t kLength = 16;      // the number and its complement
constexpr uint32_t kSyncEvery = 64;  // batches

std::array<char, kLength> encode(uint64_t value) {
  std::array<char, kLength> bytes{};
  const uint64_t check = ~value;
  std::memcpy(bytes.data(), &value, 8);
  std::memcpy(bytes.data() + 8, &check, 8);
  return bytes;
}

}  // namespace

Result<HighWater> HighWater::open(const std::string& path) {
  io::Fd file = TRY(io::open_file(path, O_RDWR | O_CREAT, 0600));
  HighWater mark(std::move(file));
  std::array<char, kLength> bytes{};
  const size_t got = TRY(io::read_some(mark.file_.get(), bytes.data(), bytes.size()));
  if (got == 0) {
    TRY(mark.reset(0));
    return mark;
  }
  uint64_t check = 0;
  std::memcpy(&mark.value_, bytes.data(), 8);
  std::memcpy(&check, bytes.data() + 8, 8);
  if (got != kLength || check != ~mark.value_) return corrupt(path + " is damaged");
  return mark;
}

Result<void> HighWater::advance(uint64_t value) {
  const auto bytes = encode(value);
  if (::pwrite(file_.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(kLength)) {
    return unavailable("the high-water file cannot be written");
  }
  value_ = value;
  if (++unsynced_ >= kSyncEvery) return sync();
  return {};
}

Result<void> HighWater::sync() {
  unsynced_ = 0;
  return io::sync(file_.get());
}

Result<void> HighWater::reset(uint64_t value) {
  TRY(advance(value));
  return sync();
}

}  // namespace farm::coordinator
