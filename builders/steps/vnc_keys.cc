#include "builders/steps/vnc_keys.h"

namespace farm::builders::steps {
namespace {

constexpr uint32_t kLeftShift = 0xFFE1;

}  // namespace

// X11's keysymdef.h; which names share a symbol (return and enter, alt and command) is Packer's.
uint32_t key_symbol(SpecialKey key) {
  switch (key) {
    case SpecialKey::Backspace: return 0xFF08;
    case SpecialKey::Delete: return 0xFFFF;
    case SpecialKey::Enter:
    case SpecialKey::Return: return 0xFF0D;
    case SpecialKey::Escape: return 0xFF1B;
    case SpecialKey::Tab: return 0xFF09;
    case SpecialKey::Up: return 0xFF52;
    case SpecialKey::Down: return 0xFF54;
    case SpecialKey::Left: return 0xFF51;
    case SpecialKey::Right: return 0xFF53;
    case SpecialKey::Spacebar: return 0x0020;
    case SpecialKey::Insert: return 0xFF63;
    case SpecialKey::Home: return 0xFF50;
    case SpecialKey::End: return 0xFF57;
    case SpecialKey::PageUp: return 0xFF55;
    case SpecialKey::PageDown: return 0xFF56;
    case SpecialKey::Menu: return 0xFF67;
    case SpecialKey::F1: return 0xFFBE;
    case SpecialKey::F2: return 0xFFBF;
    case SpecialKey::F3: return 0xFFC0;
    case SpecialKey::F4: return 0xFFC1;
    case SpecialKey::F5: return 0xFFC2;
    case SpecialKey::F6: return 0xFFC3;
    case SpecialKey::F7: return 0xFFC4;
    case SpecialKey::F8: return 0xFFC5;
    case SpecialKey::F9: return 0xFFC6;
    case SpecialKey::F10: return 0xFFC7;
    case SpecialKey::F11: return 0xFFC8;
    case SpecialKey::F12: return 0xFFC9;
    case SpecialKey::LeftAlt:
    case SpecialKey::LeftCommand: return 0xFFE9;
    case SpecialKey::RightAlt:
    case SpecialKey::RightCommand: return 0xFFEA;
    case SpecialKey::LeftCtrl: return 0xFFE3;
    case SpecialKey::RightCtrl: return 0xFFE4;
    case SpecialKey::LeftShift: return kLeftShift;
    case SpecialKey::RightShift: return 0xFFE2;
    case SpecialKey::LeftSuper: return 0xFFEB;
    case SpecialKey::RightSuper: return 0xFFEC;
    case SpecialKey::LeftOption: return 0xFFE7;
    case SpecialKey::RightOption: return 0xFFE8;
  }
  return 0;
}

uint32_t key_symbol(char32_t character) { return static_cast<uint32_t>(character); }

Result<void> VncKeyDriver::key(uint32_t symbol, bool down, const CancelToken& cancel) {
  TRY(sink_.key(symbol, down));
  if (!cancel.sleep(interval_)) return cancelled("cancelled");
  return {};
}

Result<void> VncKeyDriver::send(const BootEvent& event, const CancelToken& cancel) {
  const bool special = event.kind == BootEvent::Kind::Special;
  const uint32_t symbol = special ? key_symbol(event.special) : key_symbol(event.character);
  const bool shift = !special && needs_shift(event.character);
  if (event.action != KeyAction::Release) {
    if (shift) TRY(key(kLeftShift, true, cancel));
    TRY(key(symbol, true, cancel));
  }
  if (event.action != KeyAction::Hold) {
    TRY(key(symbol, false, cancel));
    if (shift) TRY(key(kLeftShift, false, cancel));
  }
  return {};
}

}  // namespace farm::builders::steps
