#include "builders/platforms/vsphere/usb_keys.h"

#include <array>
#include <fmt/format.h>
#include <string_view>

namespace farm::builders::vsphere {
namespace {

using steps::BootEvent;
using steps::KeyAction;
using steps::SpecialKey;

// Usages 0x1E on, in the order of the keyboard page (USB HID Usage Tables, page 0x07).
constexpr std::string_view kPlainRow = "1234567890\n\033\b\t -=[]\\\1;'`,./";
constexpr std::string_view kShiftRow = "!@#$%^&*()\1\1\1\1\1_+{}|\1:\"~<>?";
constexpr uint16_t kFirstOfRow = 0x1E;
constexpr uint16_t kLetterA = 0x04;

// The flag of a modifier key; nullptr for any other key.
bool* modifier_flag(UsbModifiers& modifiers, SpecialKey key) {
  switch (key) {
    case SpecialKey::LeftCtrl: return &modifiers.left_control;
    case SpecialKey::LeftShift: return &modifiers.left_shift;
    case SpecialKey::LeftAlt:
    case SpecialKey::LeftOption: return &modifiers.left_alt;
    case SpecialKey::LeftSuper:
    case SpecialKey::LeftCommand: return &modifiers.left_gui;
    case SpecialKey::RightCtrl: return &modifiers.right_control;
    case SpecialKey::RightShift: return &modifiers.right_shift;
    case SpecialKey::RightAlt:
    case SpecialKey::RightOption: return &modifiers.right_alt;
    case SpecialKey::RightSuper:
    case SpecialKey::RightCommand: return &modifiers.right_gui;
    default: return nullptr;
  }
}

UsbModifiers both(UsbModifiers a, const UsbModifiers& b) {
  a.left_control |= b.left_control;
  a.left_shift |= b.left_shift;
  a.left_alt |= b.left_alt;
  a.left_gui |= b.left_gui;
  a.right_control |= b.right_control;
  a.right_shift |= b.right_shift;
  a.right_alt |= b.right_alt;
  a.right_gui |= b.right_gui;
  return a;
}

}  // namespace

std::optional<UsbKey> usb_key(char32_t character) {
  if (character > 0x7E || character == 1 || character == 0) return std::nullopt;
  const char c = static_cast<char>(character);
  if (c >= 'a' && c <= 'z') return UsbKey{static_cast<uint16_t>(kLetterA + (c - 'a')), {}};
  if (c >= 'A' && c <= 'Z') {
    UsbKey key{static_cast<uint16_t>(kLetterA + (c - 'A')), {}};
    key.modifiers.left_shift = true;
    return key;
  }
  if (const size_t at = kPlainRow.find(c); at != std::string_view::npos) {
    return UsbKey{static_cast<uint16_t>(kFirstOfRow + at), {}};
  }
  if (const size_t at = kShiftRow.find(c); at != std::string_view::npos) {
    UsbKey key{static_cast<uint16_t>(kFirstOfRow + at), {}};
    key.modifiers.left_shift = true;
    return key;
  }
  return std::nullopt;
}

uint16_t usb_usage(SpecialKey key) {
  if (key >= SpecialKey::F1 && key <= SpecialKey::F12) {
    return static_cast<uint16_t>(0x3A + (static_cast<int>(key) - static_cast<int>(SpecialKey::F1)));
  }
  switch (key) {
    case SpecialKey::Enter:
    case SpecialKey::Return: return 0x28;
    case SpecialKey::Escape: return 0x29;
    case SpecialKey::Backspace: return 0x2A;
    case SpecialKey::Tab: return 0x2B;
    case SpecialKey::Spacebar: return 0x2C;
    case SpecialKey::Insert: return 0x49;
    case SpecialKey::Home: return 0x4A;
    case SpecialKey::PageUp: return 0x4B;
    case SpecialKey::Delete: return 0x4C;
    case SpecialKey::End: return 0x4D;
    case SpecialKey::PageDown: return 0x4E;
    case SpecialKey::Right: return 0x4F;
    case SpecialKey::Left: return 0x50;
    case SpecialKey::Down: return 0x51;
    case SpecialKey::Up: return 0x52;
    case SpecialKey::Menu: return 0x65;
    case SpecialKey::LeftCtrl: return 0xE0;
    case SpecialKey::LeftShift: return 0xE1;
    case SpecialKey::LeftAlt:
    case SpecialKey::LeftOption: return 0xE2;
    case SpecialKey::LeftSuper:
    case SpecialKey::LeftCommand: return 0xE3;
    case SpecialKey::RightCtrl: return 0xE4;
    case SpecialKey::RightShift: return 0xE5;
    case SpecialKey::RightAlt:
    case SpecialKey::RightOption: return 0xE6;
    case SpecialKey::RightSuper:
    case SpecialKey::RightCommand: return 0xE7;
    default: return 0;
  }
}

Result<void> UsbKeyDriver::press(UsbKey key, const CancelToken& cancel) {
  key.modifiers = both(key.modifiers, held_);
  const Result<void> sent = sink_(key, cancel);
  if (!sent) {
    if (sent.error().code == ErrorCode::Cancelled) return sent;
    TRY(sink_(key, cancel));  // once more: a machine that just resets refuses keys for a moment
  }
  typed_ = true;
  return cancel.sleep(key_interval_) ? Result<void>() : cancelled("cancelled");
}

Result<void> UsbKeyDriver::send(const BootEvent& event, const CancelToken& cancel) {
  if (event.kind == BootEvent::Kind::Special) {
    bool* const flag = modifier_flag(held_, event.special);
    if (flag != nullptr && event.action != KeyAction::Press) {
      *flag = event.action == KeyAction::Hold;
      return {};
    }
    // Other keys cannot be held: each call presses and releases.
    if (event.action == KeyAction::Release) return {};
    return press(UsbKey{usb_usage(event.special), {}}, cancel);
  }
  if (event.action == KeyAction::Release) return {};
  const std::optional<UsbKey> key = usb_key(event.character);
  if (!key) {
    return invalid_input(fmt::format("the character U+{:04X} cannot be typed on a USB keyboard",
                                     static_cast<uint32_t>(event.character)));
  }
  return press(*key, cancel);
}

Result<void> UsbKeyDriver::flush(const CancelToken& cancel) {
  if (!typed_) return {};
  typed_ = false;
  return cancel.sleep(group_interval_) ? Result<void>() : cancelled("cancelled");
}

}  // namespace farm::builders::vsphere
