// QmpKeyDriver: types through qemu's monitor. qemu answers every event, and its trace of the
// keyboard controller shows when the guest has read it: a guest that is too slow for the pause
// between keys loses none, because the next key waits.
#pragma once

#include <cstdint>
#include <optional>

#include "builders/platforms/qemu/driver.h"
#include "builders/platforms/qemu/qmp.h"
#include "builders/steps/key_driver.h"

namespace farm::builders::platform_qemu {

class QmpKeyDriver final : public steps::KeyDriver {
 public:
  struct Pace {
    Duration key{0};    // after every key event
    /// How long the guest may take to read a key before the next is sent all the same.
    Duration patience = std::chrono::seconds(10);
  };
  /// Switches the trace on for as long as the object lives.
  QmpKeyDriver(QmpClient& monitor, Machine& machine, Pace pace);
  QmpKeyDriver(const QmpKeyDriver&) = delete;
  QmpKeyDriver& operator=(const QmpKeyDriver&) = delete;
  ~QmpKeyDriver() override;
  Result<void> send(const steps::BootEvent& event, const CancelToken& cancel) override;
  Result<void> flush(const CancelToken&) override { return {}; }
  /// Whether the guest has been seen to read what was typed.
  bool acknowledged() const { return seen_; }

 private:
  struct Key;
  static std::optional<Key> key_of(const steps::BootEvent& event);
  Result<void> press(const Key& key, bool down, const CancelToken& cancel);
  Result<void> await_read(uint8_t code, const CancelToken& cancel);

  QmpClient& monitor_;
  Machine& machine_;
  Pace pace_;
  uint64_t output_at_ = 0;  // of the machine's output, before the last event
  bool traced_ = false;
  bool seen_ = false;

  friend bool can_type(const steps::BootCommand& command);
};

/// Whether every key of `command` is on a US keyboard: others need VNC's key symbols.
bool can_type(const steps::BootCommand& command);

}  // namespace farm::builders::platform_qemu
