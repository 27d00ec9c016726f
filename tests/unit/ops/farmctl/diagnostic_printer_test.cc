#include "ops/farmctl/common/diagnostic_printer.h"

#include <gtest/gtest.h>

namespace farm::farmctl {
namespace {

SourceRange on_one_line(uint32_t first, uint32_t after) {
  SourceRange range;
  range.file = "a.json";
  range.start.line = range.end.line = 1;
  range.start.column = first;
  range.end.column = after;
  return range;
}

/// What stands above the marks of the drawn diagnostic.
std::string marked(const std::string& line, uint32_t first, uint32_t after) {
  templates::SourceTexts texts;
  texts.add("a.json", line);
  Diagnostics found;
  found.error("Bad", "Really.", on_one_line(first, after));
  const std::string text = draw_diagnostics(found, texts, DiagnosticForm::Plain);
  const size_t source = text.find("  1: ");
  const size_t source_end = text.find('\n', source);
  const size_t marks_end = text.find('\n', source_end + 1);
  if (marks_end == std::string::npos) return "no marks: " + text;
  const std::string marks = text.substr(source_end + 1, marks_end - source_end - 1);
  const size_t from = marks.find('^');
  return text.substr(source + from, marks.size() - from);
}

TEST(DiagnosticPrinter, MarksThePlaceHoweverLongTheLineIs) {
  EXPECT_EQ(marked("short \"key\" line", 7, 12), "\"key\"");
  for (const size_t before : {10U, 200U, 239U, 240U, 241U, 1000U, 50000U}) {
    SCOPED_TRACE(before);
    const std::string line = std::string(before, 'x') + "\"key\"" + std::string(500, 'y');
    const auto column = static_cast<uint32_t>(before + 1);
    EXPECT_EQ(marked(line, column, column + 5), "\"key\"");
  }
}

TEST(DiagnosticPrinter, CutsLongLinesBetweenCharacters) {
  std::string line;
  for (int i = 0; i < 400; ++i) line += "\xC3\xA9";
  templates::SourceTexts texts;
  texts.add("a.json", line + "!" + line);
  Diagnostics found;
  found.error("Bad", "Really.", on_one_line(401, 402));
  const std::string text = draw_diagnostics(found, texts, DiagnosticForm::Plain);
  const size_t first = text.find("...");
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_EQ(text.substr(first + 3, 2), "\xC3\xA9");
  const size_t last = text.rfind("...");
  EXPECT_EQ(text.substr(last - 2, 2), "\xC3\xA9");
}

TEST(DiagnosticPrinter, DrawsBothPlacesOfADuplicate) {
  templates::SourceTexts texts;
  texts.add("a.json", "{\n  \"name\": 1,\n\n\n\n\n\n\n\n\"name\": 2\n}");
  const auto range = [](uint32_t line, uint32_t first, uint32_t after) {
    return SourceRange{"a.json", {0, line, first}, {0, line, after}};
  };
  Diagnostics found;
  found.error("Twice", "Once will do.", range(10, 1, 7));
  found.items().back().context = range(2, 3, 9);
  EXPECT_EQ(draw_diagnostics(found, texts, DiagnosticForm::Plain),
            "Error: Twice\n\n  on a.json line 10:\n  10: \"name\": 2\n      ^^^^^^\n\n"
            "  first on a.json line 2:\n  2:   \"name\": 1,\n       ^^^^^^\n\nOnce will do.\n\n\n");
  EXPECT_EQ(draw_diagnostics(found, texts, DiagnosticForm::Drawn),
            "error: Twice\n  --> a.json:10:1\n   |\n10 | \"name\": 2\n   | ^^^^^^\n"
            "  ::: a.json:2:3 first here\n   |\n2  |   \"name\": 1,\n   |   ^^^^^^\n"
            "   = Once will do.\n\n");
  EXPECT_NE(diagnostics_json(found).find("\"first\":{\"file\":\"a.json\",\"range\":{\"start\":{"
                                         "\"line\":1,\"character\":2}"),
            std::string::npos);
}

}  // namespace
}  // namespace farm::farmctl
