#include "builders/core/output_lines.h"

#include <gtest/gtest.h>
#include <vector>

namespace farm::builders {
namespace {

std::vector<std::string> lines_of(const std::vector<std::string>& pieces) {
  std::vector<std::string> lines;
  OutputLines splitter([&](std::string_view line) { lines.emplace_back(line); });
  for (const std::string& piece : pieces) splitter.feed(piece);
  splitter.finish();
  return lines;
}

TEST(OutputLines, JoinsPiecesAndKeepsTheLastRedraw) {
  EXPECT_EQ(lines_of({"one\ntw", "o\nthree"}), (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(lines_of({"10%\r50%\r100%  \nend\r\n"}), (std::vector<std::string>{"100%", "end"}));
  EXPECT_EQ(lines_of({"\n\nx"}), (std::vector<std::string>{"", "", "x"}));
  EXPECT_EQ(lines_of({""}), std::vector<std::string>{});
}

TEST(OutputLines, AnEndlessLineIsCut) {
  const std::vector<std::string> lines = lines_of({std::string(200'000, 'x')});
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].size(), 65'536U);
  EXPECT_EQ(lines[3].size(), 200'000U - 3 * 65'536U);
}

}  // namespace
}  // namespace farm::builders
