// UsbKeyDriver: boot command events as USB HID usages, one call to the machine per key. Modifier
// keys that are held go along with every key as flags.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "builders/steps/key_driver.h"
#include "common/base/clock.h"

namespace farm::builders::vsphere {

struct UsbModifiers {
  bool left_control = false;
  bool left_shift = false;
  bool left_alt = false;
  bool left_gui = false;
  bool right_control = false;
  bool right_shift = false;
  bool right_alt = false;
  bool right_gui = false;
  friend bool operator==(const UsbModifiers&, const UsbModifiers&) = default;
};

struct UsbKey {
  uint16_t usage = 0;  // of the HID keyboard page
  UsbModifiers modifiers;
};

/// The key of a US keyboard that types `character`; empty when there is none.
std::optional<UsbKey> usb_key(char32_t character);
/// HID usage of a special key.
uint16_t usb_usage(steps::SpecialKey key);

class UsbKeyDriver final : public steps::KeyDriver {
 public:
  /// Sends one key to the machine.
  using Sink = std::function<Result<void>(const UsbKey&, const CancelToken&)>;
  UsbKeyDriver(Sink sink, Duration key_interval, Duration group_interval)
      : sink_(std::move(sink)), key_interval_(key_interval), group_interval_(group_interval) {}
  /// InvalidInput: a character that no key of a US keyboard types.
  Result<void> send(const steps::BootEvent& event, const CancelToken& cancel) override;
  Result<void> flush(const CancelToken& cancel) override;

 private:
  Result<void> press(UsbKey key, const CancelToken& cancel);
  Sink sink_;
  Duration key_interval_;
  Duration group_interval_;
  UsbModifiers held_;
  bool typed_ = false;
};

}  // namespace farm::builders::vsphere
