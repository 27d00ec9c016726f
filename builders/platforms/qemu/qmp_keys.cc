#include "builders/platforms/qemu/qmp_keys.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "common/base/log.h"
#include "common/io/fd.h"

namespace farm::builders::platform_qemu {

using steps::BootEvent;
using steps::KeyAction;
using steps::SpecialKey;

struct QmpKeyDriver::Key {
  std::string_view name;  // QKeyCode of qemu's schema
  uint8_t code = 0;       // last byte of its scan code (set 1) when pressed
  bool shift = false;
};

namespace {

constexpr const char* kTraceEvent = "pckbd_kbd_read_data";
constexpr auto kPoll = std::chrono::milliseconds(4);
// A guest that has not read a single key by then has another keyboard than the one traced.
constexpr auto kFirstPatience = std::chrono::seconds(3);

struct Named {
  char32_t character;  // without shift
  char32_t shifted;
  std::string_view name;
  uint8_t code;
};
constexpr Named kCharacters[] = {
    {U'1', U'!', "1", 0x02},  {U'2', U'@', "2", 0x03},  {U'3', U'#', "3", 0x04},
    {U'4', U'$', "4", 0x05},  {U'5', U'%', "5", 0x06},  {U'6', U'^', "6", 0x07},
    {U'7', U'&', "7", 0x08},  {U'8', U'*', "8", 0x09},  {U'9', U'(', "9", 0x0a},
    {U'0', U')', "0", 0x0b},  {U'-', U'_', "minus", 0x0c}, {U'=', U'+', "equal", 0x0d},
    {U'q', U'Q', "q", 0x10},  {U'w', U'W', "w", 0x11},  {U'e', U'E', "e", 0x12},
    {U'r', U'R', "r", 0x13},  {U't', U'T', "t", 0x14},  {U'y', U'Y', "y", 0x15},
    {U'u', U'U', "u", 0x16},  {U'i', U'I', "i", 0x17},  {U'o', U'O', "o", 0x18},
    {U'p', U'P', "p", 0x19},  {U'[', U'{', "bracket_left", 0x1a},
    {U']', U'}', "bracket_right", 0x1b},
    {U'a', U'A', "a", 0x1e},  {U's', U'S', "s", 0x1f},  {U'd', U'D', "d", 0x20},
    {U'f', U'F', "f", 0x21},  {U'g', U'G', "g", 0x22},  {U'h', U'H', "h", 0x23},
    {U'j', U'J', "j", 0x24},  {U'k', U'K', "k", 0x25},  {U'l', U'L', "l", 0x26},
    {U';', U':', "semicolon", 0x27}, {U'\'', U'"', "apostrophe", 0x28},
    {U'`', U'~', "grave_accent", 0x29}, {U'\\', U'|', "backslash", 0x2b},
    {U'z', U'Z', "z", 0x2c},  {U'x', U'X', "x", 0x2d},  {U'c', U'C', "c", 0x2e},
    {U'v', U'V', "v", 0x2f},  {U'b', U'B', "b", 0x30},  {U'n', U'N', "n", 0x31},
    {U'm', U'M', "m", 0x32},  {U',', U'<', "comma", 0x33}, {U'.', U'>', "dot", 0x34},
    {U'/', U'?', "slash", 0x35}, {U' ', 0, "spc", 0x39}, {U'\n', 0, "ret", 0x1c},
    {U'\t', 0, "tab", 0x0f}};

struct Special {
  SpecialKey key;
  std::string_view name;
  uint8_t code;
};
// Commands and options are what their VNC key symbols (alt, meta) become in qemu.
constexpr Special kSpecials[] = {
    {SpecialKey::Backspace, "backspace", 0x0e}, {SpecialKey::Delete, "delete", 0x53},
    {SpecialKey::Enter, "ret", 0x1c},           {SpecialKey::Return, "ret", 0x1c},
    {SpecialKey::Escape, "esc", 0x01},          {SpecialKey::Tab, "tab", 0x0f},
    {SpecialKey::Up, "up", 0x48},               {SpecialKey::Down, "down", 0x50},
    {SpecialKey::Left, "left", 0x4b},           {SpecialKey::Right, "right", 0x4d},
    {SpecialKey::Spacebar, "spc", 0x39},        {SpecialKey::Insert, "insert", 0x52},
    {SpecialKey::Home, "home", 0x47},           {SpecialKey::End, "end", 0x4f},
    {SpecialKey::PageUp, "pgup", 0x49},         {SpecialKey::PageDown, "pgdn", 0x51},
    {SpecialKey::Menu, "compose", 0x5d},        {SpecialKey::F1, "f1", 0x3b},
    {SpecialKey::F2, "f2", 0x3c},               {SpecialKey::F3, "f3", 0x3d},
    {SpecialKey::F4, "f4", 0x3e},               {SpecialKey::F5, "f5", 0x3f},
    {SpecialKey::F6, "f6", 0x40},               {SpecialKey::F7, "f7", 0x41},
    {SpecialKey::F8, "f8", 0x42},               {SpecialKey::F9, "f9", 0x43},
    {SpecialKey::F10, "f10", 0x44},             {SpecialKey::F11, "f11", 0x57},
    {SpecialKey::F12, "f12", 0x58},             {SpecialKey::LeftAlt, "alt", 0x38},
    {SpecialKey::RightAlt, "alt_r", 0x38},      {SpecialKey::LeftCtrl, "ctrl", 0x1d},
    {SpecialKey::RightCtrl, "ctrl_r", 0x1d},    {SpecialKey::LeftShift, "shift", 0x2a},
    {SpecialKey::RightShift, "shift_r", 0x36},  {SpecialKey::LeftSuper, "meta_l", 0x5b},
    {SpecialKey::RightSuper, "meta_r", 0x5c},   {SpecialKey::LeftCommand, "alt", 0x38},
    {SpecialKey::RightCommand, "alt_r", 0x38},  {SpecialKey::LeftOption, "meta_l", 0x5b},
    {SpecialKey::RightOption, "meta_r", 0x5c}};

std::string trace_arguments(bool enable) {
  return fmt::format("{{\"name\":\"{}\",\"enable\":{}}}", kTraceEvent, enable);
}

}  // namespace

std::optional<QmpKeyDriver::Key> QmpKeyDriver::key_of(const BootEvent& event) {
  if (event.kind == BootEvent::Kind::Special) {
    for (const Special& special : kSpecials) {
      if (special.key == event.special) return Key{special.name, special.code, false};
    }
    return std::nullopt;
  }
  for (const Named& named : kCharacters) {
    if (named.character == event.character) return Key{named.name, named.code, false};
    if (named.shifted != 0 && named.shifted == event.character) {
      return Key{named.name, named.code, true};
    }
  }
  return std::nullopt;
}

bool can_type(const steps::BootCommand& command) {
  return std::all_of(command.events.begin(), command.events.end(), [](const BootEvent& event) {
    return event.kind == BootEvent::Kind::Wait || QmpKeyDriver::key_of(event).has_value();
  });
}

QmpKeyDriver::QmpKeyDriver(QmpClient& monitor, Machine& machine, Pace pace)
    : monitor_(monitor), machine_(machine), pace_(pace) {
  const Result<std::string> on = monitor_.execute("trace-event-set-state", trace_arguments(true));
  traced_ = on.has_value();
  if (!on) log::info("keys are typed without acknowledgement", {{"error", on.error().message}});
}

QmpKeyDriver::~QmpKeyDriver() {
  static_cast<void>(monitor_.execute("trace-event-set-state", trace_arguments(false)));
}

Result<void> QmpKeyDriver::press(const Key& key, bool down, const CancelToken& cancel) {
  output_at_ = machine_.output_size();
  const Result<std::string> sent = monitor_.execute(
      "input-send-event",
      fmt::format(R"({{"events":[{{"type":"key","data":{{"down":{},"key":)"
                  R"({{"type":"qcode","data":"{}"}}}}}}]}})",
                  down, key.name));
  if (!sent) return sent.error().within("typing a key");
  const uint8_t code = down ? key.code : static_cast<uint8_t>(key.code | 0x80U);
  if (!cancel.sleep(pace_.key)) return cancelled("cancelled");
  return await_read(code, cancel);
}

Result<void> QmpKeyDriver::await_read(uint8_t code, const CancelToken& cancel) {
  if (!traced_) return {};
  const std::string line = fmt::format("{} 0x{:02x}", kTraceEvent, code);
  const Duration patience =
      seen_ ? pace_.patience : std::min<Duration>(kFirstPatience, pace_.patience);
  const Instant deadline = io::steady_now() + patience;
  while (machine_.output_since(output_at_).find(line) == std::string::npos) {
    if (machine_.poll()) return unavailable("the machine ended");
    if (io::steady_now() >= deadline) {
      log::info("the guest does not read its keyboard", {{"key", int{code}}});
      if (!seen_) traced_ = false;
      return {};
    }
    if (!cancel.sleep(kPoll)) return cancelled("cancelled");
  }
  seen_ = true;
  return {};
}

Result<void> QmpKeyDriver::send(const BootEvent& event, const CancelToken& cancel) {
  static constexpr Key kShift{"shift", 0x2a, false};
  const auto key = key_of(event);
  if (!key) return invalid_input("a key that is not on a US keyboard");
  if (event.action != KeyAction::Release) {
    if (key->shift) TRY(press(kShift, true, cancel));
    TRY(press(*key, true, cancel));
  }
  if (event.action != KeyAction::Hold) {
    TRY(press(*key, false, cancel));
    if (key->shift) TRY(press(kShift, false, cancel));
  }
  return {};
}

}  // namespace farm::builders::platform_qemu
