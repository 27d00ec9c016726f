#include "common/template/hcl2/body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/template/hcl2/evaluation.h"

namespace farm::hcl2 {
namespace {

using testing::ElementsAre;

std::vector<std::string> summaries(const Diagnostics& diagnostics) {
  std::vector<std::string> all;
  for (const Diagnostic& item : diagnostics.items()) all.push_back(item.summary);
  return all;
}

const BodySchema kSchema{{{"name"}, {"size", true}}, {{"disk", {"type"}}, {"net", {}}}};

TEST(Body, GivesWhatTheSchemaNames) {
  Diagnostics diagnostics;
  const BodyPtr body = parse_native(
      "name = \"x\" # c\nsize = 5\n\ndisk \"a\" {\n  path = 1\n}\ndisk b { path = 2 }\nnet {}\n",
      "t.pkr.hcl", diagnostics);
  const BodyContent content = body->content(kSchema, diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  ASSERT_EQ(content.attributes.size(), 2U);
  ASSERT_EQ(content.blocks.size(), 3U);
  EXPECT_THAT(content.blocks[1].labels, ElementsAre("b"));
  EXPECT_EQ(content.blocks[0].header_range.start.line, 4U);
  EXPECT_EQ(content.find("size")->range.start.line, 2U);
  EXPECT_EQ(content.blocks[0].body->source_text(), "\n  path = 1\n");
}

TEST(Body, PlacesCountTheByteOrderMark) {
  Diagnostics diagnostics;
  const BodyPtr body = parse_native("\xef\xbb\xbfsize = 5\ndisk \"a\" {\n  path = 1\n}\n",
                                    "t.pkr.hcl", diagnostics);
  const BodyContent content = body->content(kSchema, diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_EQ(content.attributes[0].range.start, (SourcePosition{3, 1, 1}));
  ASSERT_EQ(content.blocks.size(), 1U);
  EXPECT_EQ(content.blocks[0].body->source_text(), "\n  path = 1\n");
}

TEST(Body, ReportsWhatDoesNotFit) {
  Diagnostics diagnostics;
  const BodyPtr body = parse_native(
      "nmae = 1\nnet = 2\ndisk \"a\" \"b\" {}\ndisk {}\nnet \"x\" {}\ndiks \"q\" {}\nname {}\n",
      "t.pkr.hcl", diagnostics);
  ASSERT_TRUE(diagnostics.empty());
  body->content(kSchema, diagnostics);
  EXPECT_THAT(summaries(diagnostics),
              ElementsAre("Missing required argument", "Extraneous label for disk",
                          "Missing type for disk", "Extraneous label for net",
                          "Unsupported argument", "Unsupported argument",
                          "Unsupported block type", "Unsupported block type"));
  EXPECT_EQ(diagnostics.items()[0].detail,
            "The argument \"size\" is required, but no definition was found.");
  EXPECT_EQ(diagnostics.items()[4].hint, "Did you mean \"name\"?");
  EXPECT_EQ(diagnostics.items()[6].hint, "Did you mean \"disk\"?");
  EXPECT_EQ(diagnostics.items()[1].subject->start.column, 10U);
}

TEST(Body, RestHasWhatWasNotHandedOut) {
  Diagnostics diagnostics;
  const BodyPtr body =
      parse_native("name = \"x\"\nother = 1\nnet {\n  a = 1\n}\n", "t", diagnostics);
  BodyPtr rest;
  body->partial_content({{{"name"}}, {{"net", {}}}}, rest, diagnostics);
  EXPECT_THAT(rest->item_names(), ElementsAre("other"));
  EXPECT_EQ(rest->source_text(), "          \nother = 1\n     \n       \n \n");
  EXPECT_EQ(rest->just_attributes(diagnostics).size(), 1U);
  EXPECT_TRUE(diagnostics.empty());
  body->just_attributes(diagnostics);
  EXPECT_THAT(summaries(diagnostics), ElementsAre("Unexpected \"net\" block"));
}

TEST(Body, ShowsSeveralSyntaxErrors) {
  Diagnostics diagnostics;
  const BodyPtr body = parse_native(
      "a = \"x\nb = 5\nblk {\n  x = [1, 2\n  y = 3\n}\n= 3\nc = 1 2\na = 7\nb = 8\nd = 9\n", "t",
      diagnostics);
  EXPECT_THAT(summaries(diagnostics),
              ElementsAre("Invalid multi-line string", "Missing item separator",
                          "Argument or block definition required",
                          "Missing newline after argument", "Attribute redefined"));
  EXPECT_THAT(body->item_names(), ElementsAre("b", "a", "d", "blk"));
}

TEST(Body, UnclosedBlockIsReportedAtItsBrace) {
  Diagnostics diagnostics;
  parse_native("a {\n  b {\n    c = 1\n  }\n", "t", diagnostics);
  ASSERT_THAT(summaries(diagnostics), ElementsAre("Unclosed configuration block"));
  EXPECT_EQ(diagnostics.items()[0].subject->start.line, 1U);
}

TEST(Body, StrayBraceDoesNotHang) {
  Diagnostics diagnostics;
  parse_native("a = 1\n}\nb = }\n", "t", diagnostics);
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(Body, ColumnsCountGraphemes) {
  Diagnostics diagnostics;
  parse_native("a = \"e\xcc\x81\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd\" x\n", "t", diagnostics);
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics.items()[0].subject->start.column, 10U);
}

TEST(MergedBody, RefusesAnArgumentInBoth) {
  Diagnostics diagnostics;
  const BodyPtr base = parse_native("size = 1\nnet {}\n", "base", diagnostics);
  const BodyPtr over = parse_native("size = 2\nname = 3\nnet {}\n", "over", diagnostics);
  const BodyContent content = merge_bodies(base, over)->content(kSchema, diagnostics);
  ASSERT_THAT(summaries(diagnostics), ElementsAre("Duplicate argument"));
  EXPECT_EQ(diagnostics.items()[0].detail, "Argument \"size\" was already set at base:1,1.");
  EXPECT_EQ(content.blocks.size(), 2U);
  EXPECT_EQ(content.attributes.size(), 2U);
}

}  // namespace
}  // namespace farm::hcl2
