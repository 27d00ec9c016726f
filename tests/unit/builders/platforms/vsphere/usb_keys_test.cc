#include "builders/platforms/vsphere/usb_keys.h"

#include <gtest/gtest.h>

#include "builders/steps/boot_command.h"

namespace farm::builders::vsphere {
namespace {

// "usage" in hexadecimal with a letter per modifier: ctrl, shift, alt, gui; upper case for right.
std::string shown(const UsbKey& key) {
  char text[8];
  std::snprintf(text, sizeof text, "%02x", key.usage);
  std::string out = text;
  const UsbModifiers& m = key.modifiers;
  for (const auto& [held, letter] :
       {std::pair{m.left_control, 'c'}, std::pair{m.left_shift, 's'}, std::pair{m.left_alt, 'a'},
        std::pair{m.left_gui, 'g'}, std::pair{m.right_control, 'C'},
        std::pair{m.right_shift, 'S'}, std::pair{m.right_alt, 'A'}, std::pair{m.right_gui, 'G'}}) {
    if (held) out += letter;
  }
  return out;
}

Result<std::vector<std::string>> typed(const std::string& command) {
  std::vector<std::string> keys;
  UsbKeyDriver driver(
      [&](const UsbKey& key, const CancelToken&) {
        keys.push_back(shown(key));
        return Result<void>();
      },
      Duration(0), Duration(0));
  const steps::BootCommand parsed = TRY(steps::parse_boot_command(command));
  const CancelToken cancel;
  TRY(steps::type_events(parsed, driver, cancel));
  return keys;
}

TEST(UsbKeyDriver, TypesCommands) {
  struct Case {
    const char* command;
    std::vector<std::string> keys;
  };
  const std::vector<Case> cases = {
      {"azAZ", {"04", "1d", "04s", "1ds"}},
      {"109!)", {"1e", "27", "26", "1es", "27s"}},
      {" -=[]\\;'`,./", {"2c", "2d", "2e", "2f", "30", "31", "33", "34", "35", "36", "37", "38"}},
      {"_+{}|:\"~<>?", {"2ds", "2es", "2fs", "30s", "31s", "33s", "34s", "35s", "36s", "37s", "38s"}},
      {"<enter><esc><bs><tab><spacebar><f1><f12>", {"28", "29", "2a", "2b", "2c", "3a", "45"}},
      {"<insert><home><pageUp><del><end><pageDown>", {"49", "4a", "4b", "4c", "4d", "4e"}},
      {"<right><left><down><up><menu>", {"4f", "50", "51", "52", "65"}},
      {"<leftCtrlOn>c<leftAltOn><del><leftCtrlOff>x<leftAltOff>y", {"06c", "4cca", "1ba", "1c"}},
      {"<rightShiftOn>a<rightShiftOff><leftSuper>", {"04S", "e3"}},
      {"<aOn><aOff>", {"04"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.command);
    const Result<std::vector<std::string>> keys = typed(c.command);
    ASSERT_TRUE(keys);
    EXPECT_EQ(*keys, c.keys);
  }
}

TEST(UsbKeyDriver, RefusesWhatNoKeyTypes) {
  const Result<std::vector<std::string>> keys = typed("\xC3\xA4");
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().message, "the character U+00E4 cannot be typed on a USB keyboard");
}

TEST(UsbKeyDriver, TriesAKeyTwice) {
  int calls = 0;
  UsbKeyDriver driver(
      [&](const UsbKey&, const CancelToken&) -> Result<void> {
        if (++calls == 1) return unavailable("resetting");
        return {};
      },
      Duration(0), Duration(0));
  steps::BootEvent event;
  event.kind = steps::BootEvent::Kind::Special;
  const CancelToken cancel;
  EXPECT_TRUE(driver.send(event, cancel));
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace farm::builders::vsphere
