#include "builders/steps/boot_command.h"

#include <gtest/gtest.h>

#include "builders/steps/vnc_keys.h"

namespace farm::builders::steps {
namespace {

// One short text per event: "w1000ms", "k13" (special), "ca" (character), with + and - for hold and
// release.
std::string shown(const BootCommand& command) {
  std::string text;
  for (const BootEvent& event : command.events) {
    if (!text.empty()) text += ' ';
    if (event.kind == BootEvent::Kind::Wait) {
      text += "w" + std::to_string(event.wait.count() / 1'000'000) + "ms";
      continue;
    }
    if (event.action == KeyAction::Hold) text += '+';
    if (event.action == KeyAction::Release) text += '-';
    text += event.kind == BootEvent::Kind::Special
                ? "k" + std::to_string(static_cast<int>(event.special))
                : "c" + std::to_string(static_cast<uint32_t>(event.character));
  }
  return text;
}

TEST(BootCommand, Grammar) {
  struct Case {
    const char* text;
    const char* events;
  };
  const Case cases[] = {
      {"", ""},
      {"ab", "c97 c98"},
      {"<wait>", "w1000ms"},
      {"<wait5><wait10>", "w5000ms w10000ms"},
      {"<wait1m30s>", "w90000ms"},
      {"<wait300ms>", "w300ms"},
      {"<wait1.5s>", "w1500ms"},
      {"<Wait>", "c60 c87 c97 c105 c116 c62"},      // lower case only
      {"<wait05>", "c60 c119 c97 c105 c116 c48 c53 c62"},  // no leading zeros
      {"<enter><ENTER><eNtEr>", "k2 k2 k2"},
      {"<f1><f12>", "k17 k28"},
      {"<leftCtrlOn>c<leftCtrlOff>", "+k31 c99 -k31"},
      {"<LEFTCTRLON>", "+k31"},
      {"<aOn><aOFF>", "+c97 -c97"},
      {"<\xc3\xa9on>", "+c233"},
      {"<", "c60"},
      {"a<b", "c97 c60 c98"},
      {"<a>", "c60 c97 c62"},
      {"<on>", "c60 c111 c110 c62"},
      {"<<enter>", "c60 k2"},
      {"\xe2\x82\xac", "c8364"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_boot_command(c.text);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(shown(*parsed), c.events);
  }
}

TEST(BootCommand, Errors) {
  EXPECT_EQ(parse_boot_command("<wait0>").error().message,
            "<wait0>: a wait must be longer than zero");
  EXPECT_EQ(parse_boot_command("<wait-5s>").error().message,
            "<wait-5s>: a wait must be longer than zero");
  EXPECT_EQ(parse_boot_command("\xff").error().message, "the text is not valid UTF-8");
  EXPECT_FALSE(parse_boot_command("\xc0\xaf"));      // overlong
  EXPECT_FALSE(parse_boot_command("\xed\xa0\x80"));  // surrogate
}

TEST(BootCommand, WarnsAboutMisspeltKeys) {
  const auto parsed = parse_boot_command("<waiit5><entr><pageDwn> <html> <{{ .Name }}>");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->warnings.size(), 3U);
  EXPECT_EQ(parsed->warnings[0],
            "<waiit5> is no key and will be typed letter by letter; did you mean <wait5>?");
  EXPECT_EQ(parsed->warnings[1],
            "<entr> is no key and will be typed letter by letter; did you mean <enter>?");
  EXPECT_EQ(parsed->warnings[2],
            "<pageDwn> is no key and will be typed letter by letter; did you mean <pagedown>?");
}

class Recorder final : public KeySymbolSink {
 public:
  Result<void> key(uint32_t symbol, bool down) override {
    char text[16];
    std::snprintf(text, sizeof text, "%s%x", down ? "+" : "-", symbol);
    sent += (sent.empty() ? "" : " ") + std::string(text);
    return {};
  }
  std::string sent;
};

TEST(VncKeyDriver, SendsSymbolsAndShift) {
  struct Case {
    const char* text;
    const char* symbols;
  };
  const Case cases[] = {{"a", "+61 -61"},
                        {"A", "+ffe1 +41 -41 -ffe1"},
                        {":", "+ffe1 +3a -3a -ffe1"},
                        {"1", "+31 -31"},
                        {"<enter>", "+ff0d -ff0d"},
                        {"<leftAltOn>x<leftAltOff>", "+ffe9 +78 -78 -ffe9"},
                        {"<AOn><AOff>", "+ffe1 +41 -41 -ffe1"},
                        {"<f11><del><menu>", "+ffc8 -ffc8 +ffff -ffff +ff67 -ff67"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    Recorder recorder;
    VncKeyDriver driver(recorder, Duration(0));
    const auto parsed = parse_boot_command(c.text);
    ASSERT_TRUE(parsed);
    ASSERT_TRUE(type_events(*parsed, driver, CancelToken()));
    EXPECT_EQ(recorder.sent, c.symbols);
  }
}

TEST(VncKeyDriver, StopsWhenCancelled) {
  Recorder recorder;
  VncKeyDriver driver(recorder, Duration(0));
  const CancelToken cancel;
  cancel.cancel();
  const auto parsed = parse_boot_command("abc");
  ASSERT_TRUE(parsed);
  const auto typed = type_events(*parsed, driver, cancel);
  ASSERT_FALSE(typed);
  EXPECT_EQ(typed.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(recorder.sent, "");
}

}  // namespace
}  // namespace farm::builders::steps
