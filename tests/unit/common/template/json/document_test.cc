#include "common/template/json/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/template/json/diagnostic_lines.h"

namespace farm::json {
namespace {

using testing::ElementsAre;

TEST(Document, KeepsOrderDuplicatesNumbersAndPlaces) {
  SyntaxError error;
  const auto document =
      parse_document("{\"b\": [1.50, -2e3],\n \"a\": \"x\\u00e9\\ud83d\\ude00\\n\", \"b\": null, "
                     "\"\xC3\xA9\": true}\n",
                     "t.json", error);
  ASSERT_TRUE(document) << error.message;
  const Node& root = document->root;
  ASSERT_EQ(root.members.size(), 4U);
  EXPECT_EQ(root.members[0].key, "b");
  EXPECT_EQ(root.members[0].value.elements[0].text, "1.50");
  EXPECT_EQ(root.members[0].value.elements[1].text, "-2e3");
  EXPECT_EQ(root.members[1].value.text, "x\xC3\xA9\xF0\x9F\x98\x80\n");
  EXPECT_EQ(root.members[1].key_span.start, (SourcePosition{21, 2, 2}));
  EXPECT_EQ(root.members[1].key_span.end, (SourcePosition{24, 2, 5}));
  EXPECT_TRUE(root.members[2].value.is_null());
  EXPECT_EQ(root.members[3].value.span.start.column, root.members[3].key_span.end.column + 2);
  EXPECT_TRUE(root.members[3].value.boolean);
  EXPECT_EQ(document->slice(root.members[0].value.span), "[1.50, -2e3]");
}

struct SyntaxCase {
  const char* text;
  const char* message;
  const char* place;
  const char* hint;
};

TEST(Document, NamesSyntaxErrors) {
  const std::vector<SyntaxCase> cases = {
      {"", "unexpected end of JSON input", "1:1", "a closing bracket or quote is missing"},
      {"{\n  \"a\": ", "unexpected end of JSON input", "2:8",
       "a closing bracket or quote is missing"},
      {"[1,2,]", "invalid character ']' looking for beginning of value", "1:5",
       "JSON allows no comma after the last item: remove this one"},
      {"{\"a\":1,\n}", "invalid character '}' looking for beginning of object key string", "1:7",
       "JSON allows no comma after the last item: remove this one"},
      {"{\n  // c\n \"a\": 1}",
       "invalid character '/' looking for beginning of object key string", "2:3",
       "JSON has no comments: use a root key that begins with _, such as \"_comment\""},
      {"{\"a\": 'x'}", "invalid character '\\'' looking for beginning of value", "1:7",
       "JSON strings are written in double quotes"},
      {"{\"a\": 1 \"b\": 2}", "invalid character '\"' after object key:value pair", "1:9",
       "a comma is missing before this"},
      {"[1 2]", "invalid character '2' after array element", "1:4", ""},
      {"{\"a\" 1}", "invalid character '1' after object key", "1:6", ""},
      {"{} x", "invalid character 'x' after top-level value", "1:4", ""},
      {"\xEF\xBB\xBF{}", "invalid character '\\ufeff' looking for beginning of value", "1:1",
       "the file begins with a byte-order mark: save it as UTF-8 without one"},
      {"\"a\nb\"", "invalid character '\\n' in string literal", "1:3",
       "a string ends on its line: write a line break as \\n"},
      {"\"\\q\"", "invalid character 'q' in string escape code", "1:3",
       "a backslash itself is written \\\\"},
      {"\"\\u12x4\"", "invalid character 'x' in \\u hexadecimal character escape", "1:6", ""},
      {"\"\xFF\"", "invalid UTF-8 in string literal", "1:2", "save the file as UTF-8"},
      {"\"abc", "unexpected end of JSON input", "1:1", "this string has no closing quote"},
      {"01", "invalid character '1' after top-level value", "1:2", ""},
      {"-x", "invalid character 'x' in numeric literal", "1:2", ""},
      {"1.", "unexpected end of JSON input", "1:3", "a closing bracket or quote is missing"},
      {"trux", "invalid character 'x' in literal true (expecting 'e')", "1:4", ""},
      {"+1", "invalid character '+' looking for beginning of value", "1:1", ""},
      {"[NaN]", "invalid character 'N' looking for beginning of value", "1:2", ""},
  };
  for (const SyntaxCase& c : cases) {
    SCOPED_TRACE(c.text);
    SyntaxError error;
    EXPECT_FALSE(parse_document(c.text, "t.json", error));
    EXPECT_EQ(error.message, c.message);
    EXPECT_EQ(place({"", error.span.start, error.span.end}), c.place);
    EXPECT_EQ(error.hint, c.hint);
  }
}

TEST(Document, DescribesTheErrorWithItsLine) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse_document("{\n\t\"a\": 'x'}\n", "t.json", diagnostics));
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics.items()[0].summary, "Error parsing JSON");
  EXPECT_EQ(diagnostics.items()[0].detail,
            "invalid character '\\'' looking for beginning of value\n"
            "At line 2, column 7 (offset 9):\n"
            "    2: \t\"a\": 'x'}\n"
            "       \t     ^");
}

TEST(Document, LimitsDepth) {
  SyntaxError error;
  EXPECT_TRUE(parse_document(std::string(200, '[') + std::string(200, ']'), "t", error));
  EXPECT_FALSE(parse_document(std::string(100'000, '['), "t", error));
  EXPECT_EQ(error.message, "nested more than 200 levels deep");
}

TEST(Document, ReportsDuplicateKeysWithBothPlaces) {
  SyntaxError error;
  const auto document =
      parse_document("{\"a\": 1,\n \"b\": [{\"x\": 1, \"x\": 2}],\n \"a\": 3}", "t.json", error);
  ASSERT_TRUE(document);
  Diagnostics diagnostics;
  report_duplicate_keys(*document, diagnostics);
  EXPECT_THAT(summaries(diagnostics), ElementsAre("E 2:17 template has duplicate field: x",
                                                  "E 3:2 template has duplicate field: a"));
  EXPECT_EQ(diagnostics.items()[1].detail, "\"a\" is first set at t.json:1,2 and again at line 3.");
  ASSERT_TRUE(diagnostics.items()[1].context);
  EXPECT_EQ(place(*diagnostics.items()[1].context), "1:2");
}

TEST(Document, BecomesAValue) {
  SyntaxError error;
  const auto document = parse_document(
      "{\"n\": 12345678901234567890, \"l\": [1, \"a\", null, true], \"o\": {}}", "t", error);
  ASSERT_TRUE(document);
  const Result<value::Value> value = to_value(document->root);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value::to_json(*value),
            "{\"l\":[1,\"a\",null,true],\"n\":12345678901234567890,\"o\":{}}");
  EXPECT_EQ(value->get("l")->type().kind(), value::Kind::Tuple);
  const auto absurd = parse_document("1e99999999", "t", error);
  ASSERT_TRUE(absurd);
  EXPECT_FALSE(to_value(absurd->root));
}

TEST(Document, WritesSortedAndIndented) {
  SyntaxError error;
  const auto document = parse_document(
      "{\"b\":{},\"a\":[1.0,{\"z\":\"\\t\\\"\\u0001<\"}],\"c\":[],\"d\":false,\"e\":null}", "t", error);
  ASSERT_TRUE(document);
  EXPECT_EQ(write_pretty(document->root),
            "{\n  \"a\": [\n    1.0,\n    {\n      \"z\": \"\\t\\\"\\u0001<\"\n    }\n  ],\n"
            "  \"b\": {},\n  \"c\": [],\n  \"d\": false,\n  \"e\": null\n}\n");
}

}  // namespace
}  // namespace farm::json
