#include "common/base/ids.h"

#include <gtest/gtest.h>

namespace farm {
namespace {

TEST(Id, TextRoundTrips) {
  SeededRandom random(7);
  for (int i = 0; i < 200; ++i) {
    const BuildId id = BuildId::random(random);
    const std::string text = id.str();
    ASSERT_EQ(text.size(), 26U);
    const Result<BuildId> back = BuildId::parse(text);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, id);
  }
}

TEST(Id, RefusesForeignText) {
  EXPECT_FALSE(BuildId::parse("").has_value());
  EXPECT_FALSE(BuildId::parse(std::string(26, '1')).has_value());
  EXPECT_FALSE(BuildId::parse(std::string(27, 'a')).has_value());
}

TEST(Epoch, OrdersByIncarnationFirst) {
  EXPECT_LT((Epoch{1, 900}), (Epoch{2, 1}));
  EXPECT_LT((Epoch{2, 1}), (Epoch{2, 2}));
}

}  // namespace
}  // namespace farm
