#include "common/base/result.h"

#include <cerrno>
#include <gtest/gtest.h>

namespace farm {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return invalid_input("odd");
  return n / 2;
}

Result<int> quarter(int n) {
  const int first = TRY(half(n));
  const int second = TRY(half(first));
  return second;
}

TEST(Result, TryPassesErrorsUp) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(quarter(6).error().code, ErrorCode::InvalidInput);
}

TEST(Result, WithinPrefixesTheMessage) {
  EXPECT_EQ(half(3).error().within("chunk 7").message, "chunk 7: odd");
}

TEST(Result, ErrnoMapsToCodes) {
  EXPECT_EQ(system_error("open x", ENOENT).code, ErrorCode::NotFound);
  EXPECT_TRUE(system_error("connect", ECONNREFUSED).retryable);
  EXPECT_EQ(system_error("open x", ENOENT).message, "open x: No such file or directory");
}

TEST(ErrorCode, NamesRoundTrip) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::Internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(error_code_from_name(error_code_name(code)), code);
  }
  EXPECT_FALSE(error_code_from_name("nonsense").has_value());
}

}  // namespace
}  // namespace farm
