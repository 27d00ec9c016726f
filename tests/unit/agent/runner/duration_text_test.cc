#include "agent/runner/duration_text.h"

#include <gtest/gtest.h>

namespace farm::agent {
namespace {

TEST(DurationText, PrintsAsGoDoes) {
  using namespace std::chrono_literals;
  const std::pair<Duration, const char*> cases[] = {
      {0s, "0s"},         {10s, "10s"},      {1500ms, "1.5s"},  {300ms, "300ms"},
      {90s, "1m30s"},     {60s, "1m0s"},     {3605s, "1h0m5s"}, {1500us, "1.5ms"},
      {2us, "2\u00b5s"},  {7ns, "7ns"},      {-5s, "-5s"},
      {60'000'000'001ns, "1m0.000000001s"},
  };
  for (const auto& [duration, text] : cases) EXPECT_EQ(duration_text(duration), text);
}

}  // namespace
}  // namespace farm::agent
