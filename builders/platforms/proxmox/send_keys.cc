#include "builders/platforms/proxmox/send_keys.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace farm::builders::platform_proxmox {

using steps::BootEvent;
using steps::KeyAction;
using steps::SpecialKey;

namespace {

struct Named {
  char32_t character;
  std::string_view name;
};
// With shift as part of the name where the US keyboard needs it.
constexpr Named kPunctuation[] = {
    {U' ', "spc"},           {U'.', "dot"},
    {U',', "comma"},         {U';', "semicolon"},
    {U'*', "asterisk"},      {U'-', "minus"},
    {U'[', "bracket_left"},  {U']', "bracket_right"},
    {U'=', "equal"},         {U'\'', "apostrophe"},
    {U'`', "grave_accent"},  {U'/', "slash"},
    {U'\\', "backslash"},    {U'!', "shift-1"},
    {U'@', "shift-2"},       {U'#', "shift-3"},
    {U'$', "shift-4"},       {U'%', "shift-5"},
    {U'^', "shift-6"},       {U'&', "shift-7"},
    {U'(', "shift-9"},       {U')', "shift-0"},
    {U'{', "shift-bracket_left"}, {U'}', "shift-bracket_right"},
    {U'"', "shift-apostrophe"},   {U'+', "shift-equal"},
    {U'_', "shift-minus"},   {U':', "shift-semicolon"},
    {U'<', "shift-comma"},   {U'>', "shift-dot"},
    {U'~', "shift-grave_accent"}, {U'?', "shift-slash"},
    {U'|', "shift-backslash"},    {U'\n', "ret"},
    {U'\t', "tab"}};

struct Special {
  SpecialKey key;
  std::string_view name;
};
constexpr Special kSpecials[] = {
    {SpecialKey::Backspace, "backspace"}, {SpecialKey::Delete, "delete"},
    {SpecialKey::Enter, "ret"},           {SpecialKey::Return, "ret"},
    {SpecialKey::Escape, "esc"},          {SpecialKey::Tab, "tab"},
    {SpecialKey::Up, "up"},               {SpecialKey::Down, "down"},
    {SpecialKey::Left, "left"},           {SpecialKey::Right, "right"},
    {SpecialKey::Spacebar, "spc"},        {SpecialKey::Insert, "insert"},
    {SpecialKey::Home, "home"},           {SpecialKey::End, "end"},
    {SpecialKey::PageUp, "pgup"},         {SpecialKey::PageDown, "pgdn"},
    {SpecialKey::Menu, "menu"},           {SpecialKey::F1, "f1"},
    {SpecialKey::F2, "f2"},               {SpecialKey::F3, "f3"},
    {SpecialKey::F4, "f4"},               {SpecialKey::F5, "f5"},
    {SpecialKey::F6, "f6"},               {SpecialKey::F7, "f7"},
    {SpecialKey::F8, "f8"},               {SpecialKey::F9, "f9"},
    {SpecialKey::F10, "f10"},             {SpecialKey::F11, "f11"},
    {SpecialKey::F12, "f12"},             {SpecialKey::LeftAlt, "alt"},
    {SpecialKey::RightAlt, "alt_r"},      {SpecialKey::LeftCtrl, "ctrl"},
    {SpecialKey::RightCtrl, "ctrl_r"},    {SpecialKey::LeftShift, "shift"},
    {SpecialKey::RightShift, "shift"},    {SpecialKey::LeftSuper, "meta_l"},
    {SpecialKey::RightSuper, "meta_r"},   {SpecialKey::LeftCommand, "meta_l"},
    {SpecialKey::RightCommand, "meta_r"}, {SpecialKey::LeftOption, "alt"},
    {SpecialKey::RightOption, "alt_r"}};

}  // namespace

std::optional<std::string> key_name(const BootEvent& event) {
  if (event.kind == BootEvent::Kind::Special) {
    for (const Special& special : kSpecials) {
      if (special.key == event.special) return std::string(special.name);
    }
    return std::nullopt;
  }
  const char32_t c = event.character;
  if ((c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9')) {
    return std::string(1, static_cast<char>(c));
  }
  if (c >= U'A' && c <= U'Z') return fmt::format("shift-{}", static_cast<char>(c - U'A' + U'a'));
  for (const Named& named : kPunctuation) {
    if (named.character == c) return std::string(named.name);
  }
  return std::nullopt;
}

Result<void> SendKeyDriver::send(const BootEvent& event, const CancelToken& cancel) {
  const std::optional<std::string> key = key_name(event);
  if (!key) {
    return invalid_input(fmt::format("U+{:04X} is not on a US keyboard, which is all that can be "
                                     "typed into a Proxmox machine",
                                     static_cast<uint32_t>(event.character)));
  }
  switch (event.action) {
    case KeyAction::Hold:
      held_.push_back(*key);
      return {};
    case KeyAction::Release:
      std::erase(held_, *key);
      return {};
    case KeyAction::Press: break;
  }
  std::string chord;
  for (const std::string& held : held_) chord += held + "-";
  const Result<Json> sent = client_.put(path_, {{"key", chord + *key}}, cancel);
  if (!sent) return sent.error();
  return cancel.sleep(interval_) ? Result<void>() : cancelled("cancelled");
}

}  // namespace farm::builders::platform_proxmox
