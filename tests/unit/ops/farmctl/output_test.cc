#include "ops/farmctl/common/output.h"

#include <functional>

#include <gtest/gtest.h>

#include "common/base/clock.h"

namespace farm::farmctl {
namespace {

std::string written(const Output::Settings& settings,
                    const std::function<void(Output&)>& act) {
  const SystemClock clock;
  Output output(settings, clock);
  testing::internal::CaptureStdout();
  act(output);
  return testing::internal::GetCapturedStdout();
}

TEST(Output, HidesSecretsInEveryForm) {
  struct Case {
    const char* name;
    std::vector<std::string> secrets;
    const char* text;
    const char* expected;
  };
  const Case cases[] = {
      {"none", {}, "a hunter22", "a hunter22\n"},
      {"each place", {"hunter22"}, "hunter22 and xhunter22x", "<sensitive> and x<sensitive>x\n"},
      {"longest first", {"abc", "abcdef"}, "abcdef abc", "<sensitive> <sensitive>\n"},
      {"lines of a secret", {"first\r\nsecond\n"}, "only second, first",
       "only <sensitive>, <sensitive>\n"},
      {"too short to hide", {"a", ""}, "a banana", "a banana\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(written({}, [&](Output& output) {
                output.hide(c.secrets);
                output.say(c.text);
              }),
              c.expected);
  }
}

TEST(Output, HidesSecretsInDiagnosticsAndRecords) {
  Diagnostics found;
  found.error("Bad script 's3,cret'", "stat s3,cret: no such file", {});
  templates::SourceTexts texts;
  for (const bool machine : {false, true}) {
    SCOPED_TRACE(machine);
    Output::Settings settings;
    settings.machine_readable = machine;
    const std::string text = written(settings, [&](Output& output) {
      output.hide({"s3,cret"});
      output.diagnostics(found, texts);
      output.record("x", {"s3,cret"});
    });
    EXPECT_EQ(text.find("s3"), std::string::npos) << text;
    EXPECT_NE(text.find("<sensitive>"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace farm::farmctl
