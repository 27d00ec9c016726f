#include "ops/farmctl/build/elapsed_text.h"

#include <gtest/gtest.h>

namespace farm::farmctl {
namespace {

TEST(ElapsedText, ShowsTheTwoLargestUnits) {
  using namespace std::chrono_literals;
  const std::pair<Duration, const char*> cases[] = {
      {3s + 20ms, "3 seconds 20 milliseconds"},
      {1s + 1ms + 5us, "1 second 1 millisecond"},
      {1h + 5s, "1 hour 5 seconds"},
      {49h + 1min, "2 days 1 hour"},
      {60s, "1 minute"},
      {999us, "999 microseconds"},
      {10ns, "0 microseconds"},
  };
  for (const auto& [elapsed, text] : cases) EXPECT_EQ(elapsed_text(elapsed), text);
}

}  // namespace
}  // namespace farm::farmctl
