// The boot command language: text with <tokens> becomes a list of key events. Parsing is pure;
// a KeyDriver of the platform (VNC, scan codes, QMP) sends the events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace farm::builders::steps {

enum class SpecialKey {
  Backspace, Delete, Enter, Escape, Return, Tab, Up, Down, Left, Right, Spacebar, Insert, Home,
  End, PageUp, PageDown, Menu, F1, F2, F3, F4, F5, F6, F7, F8, F9, F10, F11, F12, LeftAlt,
  RightAlt, LeftCtrl, RightCtrl, LeftShift, RightShift, LeftSuper, RightSuper, LeftCommand,
  RightCommand, LeftOption, RightOption,
};

enum class KeyAction { Press, Hold, Release };

struct BootEvent {
  enum class Kind { Wait, Special, Character };
  Kind kind = Kind::Wait;
  KeyAction action = KeyAction::Press;
  Duration wait{0};
  SpecialKey special = SpecialKey::Enter;
  char32_t character = 0;
  friend bool operator==(const BootEvent&, const BootEvent&) = default;
};

struct BootCommand {
  std::vector<BootEvent> events;
  /// Tokens that look like a misspelt one and are therefore typed letter by letter.
  std::vector<std::string> warnings;
};

/// InvalidInput: a wait of zero or less, or text that is not UTF-8. Everything else is typed.
Result<BootCommand> parse_boot_command(std::string_view text);

/// Whether the character is typed with shift held on a US keyboard.
bool needs_shift(char32_t character);

}  // namespace farm::builders::steps
