#include "builders/steps/boot_command.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <optional>

#include "common/base/diagnostic.h"

namespace farm::builders::steps {
namespace {

struct KeyName {
  std::string_view name;  // lower case
  SpecialKey key;
};
constexpr std::array<KeyName, 41> kKeyNames{{
    {"bs", SpecialKey::Backspace},
    {"del", SpecialKey::Delete},
    {"enter", SpecialKey::Enter},
    {"esc", SpecialKey::Escape},
    {"return", SpecialKey::Return},
    {"tab", SpecialKey::Tab},
    {"up", SpecialKey::Up},
    {"down", SpecialKey::Down},
    {"left", SpecialKey::Left},
    {"right", SpecialKey::Right},
    {"spacebar", SpecialKey::Spacebar},
    {"insert", SpecialKey::Insert},
    {"home", SpecialKey::Home},
    {"end", SpecialKey::End},
    {"pageup", SpecialKey::PageUp},
    {"pagedown", SpecialKey::PageDown},
    {"menu", SpecialKey::Menu},
    {"f1", SpecialKey::F1},
    {"f2", SpecialKey::F2},
    {"f3", SpecialKey::F3},
    {"f4", SpecialKey::F4},
    {"f5", SpecialKey::F5},
    {"f6", SpecialKey::F6},
    {"f7", SpecialKey::F7},
    {"f8", SpecialKey::F8},
    {"f9", SpecialKey::F9},
    {"f10", SpecialKey::F10},
    {"f11", SpecialKey::F11},
    {"f12", SpecialKey::F12},
    {"leftalt", SpecialKey::LeftAlt},
    {"rightalt", SpecialKey::RightAlt},
    {"leftctrl", SpecialKey::LeftCtrl},
    {"rightctrl", SpecialKey::RightCtrl},
    {"leftshift", SpecialKey::LeftShift},
    {"rightshift", SpecialKey::RightShift},
    {"leftsuper", SpecialKey::LeftSuper},
    {"rightsuper", SpecialKey::RightSuper},
    {"leftcommand", SpecialKey::LeftCommand},
    {"rightcommand", SpecialKey::RightCommand},
    {"leftoption", SpecialKey::LeftOption},
    {"rightoption", SpecialKey::RightOption},
}};

std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// One code point; empty at bytes that are no UTF-8.
std::optional<char32_t> take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3
                      : lead < 0xF5 ? 4 : 0;
  if (length == 0 || length > text.size()) return std::nullopt;
  char32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return std::nullopt;
    code = code << 6 | (byte & 0x3F);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  text.remove_prefix(length);
  return code;
}

// Amount and unit pairs ("1m30s"); empty when `text` is something else.
std::optional<Duration> go_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double nanos;
  };
  static constexpr Unit kUnits[] = {{"ns", 1},  {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3},
                                    {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},        {"h", 3600e9}};
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  double nanos = 0;
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    if (digits == 0 || text.substr(0, digits).find_first_of("0123456789") == text.npos) return {};
    if (text.substr(0, digits).find('.') != text.substr(0, digits).rfind('.')) return {};
    const double amount = std::strtod(std::string(text.substr(0, digits)).c_str(), nullptr);
    text.remove_prefix(digits);
    const Unit* best = nullptr;
    for (const Unit& unit : kUnits) {
      if (text.starts_with(unit.name) && (!best || unit.name.size() > best->name.size())) {
        best = &unit;
      }
    }
    if (best == nullptr) return std::nullopt;
    text.remove_prefix(best->name.size());
    nanos += amount * best->nanos;
  }
  if (nanos > 9e18) return std::nullopt;
  const auto count = static_cast<int64_t>(std::llround(nanos));
  return Duration{negative ? -count : count};
}

// Body of a token that starts with "wait"; empty when it is no wait.
std::optional<Duration> wait_of(std::string_view token) {
  const std::string_view amount = token.substr(4);
  if (amount.empty()) return std::chrono::seconds(1);
  if (amount.find_first_not_of("0123456789") != std::string_view::npos) {
    return go_duration(amount);
  }
  // A number is seconds; one with leading zeros is none (so that "<wait05>" is typed, as known).
  if (amount.size() > 9 || (amount.size() > 1 && amount[0] == '0')) return std::nullopt;
  return std::chrono::seconds(std::strtol(std::string(amount).c_str(), nullptr, 10));
}

std::optional<SpecialKey> special_of(std::string_view name) {
  for (const KeyName& key : kKeyNames) {
    if (key.name == name) return key.key;
  }
  return std::nullopt;
}

BootEvent special_event(SpecialKey key, KeyAction action) {
  BootEvent event;
  event.kind = BootEvent::Kind::Special;
  event.special = key;
  event.action = action;
  return event;
}

BootEvent character_event(char32_t character, KeyAction action) {
  BootEvent event;
  event.kind = BootEvent::Kind::Character;
  event.character = character;
  event.action = action;
  return event;
}

// "<name>", "<nameOn>", "<nameOff>", "<cOn>", "<cOff>".
std::optional<BootEvent> key_of(std::string_view token) {
  const std::string name = lower(token);
  if (const auto key = special_of(name)) return special_event(*key, KeyAction::Press);
  const bool hold = name.ends_with("on");
  const bool release = name.ends_with("off");
  if (!hold && !release) return std::nullopt;
  const KeyAction action = hold ? KeyAction::Hold : KeyAction::Release;
  std::string_view bare = token.substr(0, token.size() - (hold ? 2 : 3));
  if (const auto key = special_of(lower(bare))) return special_event(*key, action);
  if (bare.empty()) return std::nullopt;
  const auto character = take_character(bare);
  if (!character || !bare.empty()) return std::nullopt;
  return character_event(*character, action);
}

std::string misspelt(std::string_view token) {
  // Longer texts in angle brackets are prose or markup, not a slip of the finger.
  if (token.size() < 3 || token.size() > 16) return "";
  if (token.find_first_of("{}") != std::string_view::npos) return "";  // a template, not yet a key
  std::vector<std::string> names{"wait"};
  for (const KeyName& key : kKeyNames) names.emplace_back(key.name);
  const std::string word = lower(token);
  const std::string bare = word.substr(0, word.find_last_not_of("0123456789") + 1);
  const std::string near = nearest_name(bare, names);
  if (near.empty()) return "";
  return fmt::format("<{}> is no key and will be typed letter by letter; did you mean <{}{}>?",
                     token, near, word.substr(bare.size()));
}

}  // namespace

Result<BootCommand> parse_boot_command(std::string_view text) {
  BootCommand command;
  while (!text.empty()) {
    const size_t close = text.front() == '<' ? text.find('>', 1) : std::string_view::npos;
    if (close != std::string_view::npos) {
      const std::string_view token = text.substr(1, close - 1);
      const auto wait = token.starts_with("wait") ? wait_of(token) : std::nullopt;
      if (wait && wait->count() <= 0) {
        return invalid_input(fmt::format("<{}>: a wait must be longer than zero", token));
      }
      auto event = wait ? std::optional(BootEvent{}) : key_of(token);
      if (event) {
        if (wait) event->wait = *wait;
        command.events.push_back(*event);
        text.remove_prefix(close + 1);
        continue;
      }
      if (std::string warning = misspelt(token); !warning.empty()) {
        command.warnings.push_back(std::move(warning));
      }
    }
    const auto character = take_character(text);
    if (!character) return invalid_input("the text is not valid UTF-8");
    command.events.push_back(character_event(*character, KeyAction::Press));
  }
  return command;
}

bool needs_shift(char32_t character) {
  if (character >= U'A' && character <= U'Z') return true;
  return character < 0x80 &&
         std::string_view("~!@#$%^&*()_+{}|:\"<>?").find(static_cast<char>(character)) !=
             std::string_view::npos;
}

}  // namespace farm::builders::steps
