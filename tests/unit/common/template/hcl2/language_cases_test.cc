// The expression language by example: every pair of language_cases.txt. A line "> TEXT" (several
// for several lines) is an expression, the line "= RESULT" after it what it must give: type and
// JSON, or "! SUMMARY" of the first error. FARM_LANGUAGE_CASES names another such file.
#include "tests/unit/common/template/hcl2/evaluation.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

namespace farm::hcl2 {
namespace {

struct LanguageCase {
  std::string text;
  std::string expected;
  int line = 0;
};

std::vector<LanguageCase> read_cases(const std::string& path) {
  std::ifstream file(path);
  std::vector<LanguageCase> cases;
  std::string line;
  LanguageCase next;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with(">")) {
      if (!next.text.empty()) next.text += '\n';
      next.text += line.size() > 2 ? line.substr(2) : "";
      next.line = number;
    } else if (line.starts_with("= ")) {
      next.expected = line.substr(2);
      cases.push_back(next);
      next = {};
    }
  }
  return cases;
}

TEST(LanguageCases, GiveTheirResults) {
  const char* other = std::getenv("FARM_LANGUAGE_CASES");
  const std::string path =
      other != nullptr
          ? other
          : FARM_SOURCE_DIR "/tests/unit/common/template/hcl2/language_cases.txt";
  const std::vector<LanguageCase> cases = read_cases(path);
  EXPECT_GT(cases.size(), other != nullptr ? 0U : 500U) << path;
  for (const LanguageCase& c : cases) {
    World world;
    std::string result = world.run(c.text);
    // Of several errors the first one counts.
    if (result.starts_with("! ")) result = result.substr(0, result.find("; "));
    EXPECT_EQ(result, c.expected) << path << ":" << c.line << ": " << c.text;
  }
}

}  // namespace
}  // namespace farm::hcl2
