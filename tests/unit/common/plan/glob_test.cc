#include "common/plan/glob.h"

#include <gtest/gtest.h>

#include "common/plan/duration_text.h"

namespace farm::plan {
namespace {

TEST(Glob, MatchesWholeNames) {
  struct Case {
    const char* pattern;
    const char* text;
    bool match;
  };
  for (const Case& c : {Case{"*", "", true},
                        Case{"*", "web.qemu.base", true},
                        Case{"qemu.*", "web.qemu.base", false},
                        Case{"*.base", "web.qemu.base", true},
                        Case{"qemu.bas?", "qemu.base", true},
                        Case{"qemu.[a-c]ase", "qemu.base", true},
                        Case{"qemu.[!b]ase", "qemu.base", false},
                        Case{"{null,qemu}.base", "qemu.base", true},
                        Case{"{null,qemu}.{a,b}", "qemu.base", false},
                        Case{"a*b*c", "aXbYbZc", true},
                        Case{"{a", "{a", true},
                        Case{"", "a", false}}) {
    EXPECT_EQ(glob_match(c.pattern, c.text), c.match) << c.pattern << " on " << c.text;
  }
}

TEST(DurationText, ReadsGoDurations) {
  struct Case {
    const char* text;
    int64_t nanos;
  };
  for (const Case& c : {Case{"0", 0}, Case{"5s", 5'000'000'000}, Case{"300ms", 300'000'000},
                        Case{"1h5m", 3'900'000'000'000}, Case{"1.5s", 1'500'000'000},
                        Case{"-2s", -2'000'000'000}, Case{"10us", 10'000}, Case{"7ns", 7}}) {
    const Result<Duration> duration = parse_duration(c.text);
    ASSERT_TRUE(duration.has_value()) << c.text;
    EXPECT_EQ(duration->count(), c.nanos) << c.text;
  }
}

TEST(DurationText, RefusesWhatGoRefuses) {
  for (const char* text : {"", "5", "s", "1x", "-", "1h5", "."}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
  EXPECT_EQ(parse_duration("5").error().message, "missing unit in duration \"5\"");
}

}  // namespace
}  // namespace farm::plan
