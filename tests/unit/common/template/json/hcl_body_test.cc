#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/template/hcl2/body.h"
#include "tests/unit/common/template/json/diagnostic_lines.h"

namespace farm::hcl2 {
namespace {

using json::place;
using json::summaries;
using testing::ElementsAre;
using testing::IsEmpty;
using value::Value;

/// A world in which nothing can be reached.
class NoOutside final : public functions::Outside {
 public:
  Result<std::string> read_file(const std::string& path) override { return not_found(path); }
  Result<bool> file_exists(const std::string&) override { return false; }
  Result<std::vector<std::string>> list_files(const std::string& path) override {
    return not_found(path);
  }
  std::string working_directory() override { return "/"; }
  std::string home_directory() override { return "/"; }
  std::optional<std::string> environment(const std::string&) override { return std::nullopt; }
  Result<std::string> secret(const std::string& kind, const std::vector<std::string>&) override {
    return unavailable(kind);
  }
};

/// Evaluates with var.name = "web" and var.count = 3.
Value evaluate(const Expression& expression, Diagnostics& diagnostics) {
  Scope scope;
  scope.set("var", Value::object({{"name", Value::string("web")}, {"count", Value::number(3)}}));
  NoOutside outside;
  SeededRandom random(1);
  functions::CallContext calls{outside, random, {}, {}, "/", false, {}};
  Budget budget;
  return expression.evaluate({scope, calls, budget}, diagnostics);
}

const BodySchema kRoot{{{"description", false}}, {{"source", {"type", "name"}}, {"build", {}}}};

TEST(JsonBody, NestsLabelsAndRepeatsBlocks) {
  Diagnostics diagnostics;
  const BodyPtr body = parse_json_body(R"({
  "//": "a comment",
  "description": "d",
  "source": {"file": {"x": {"content": "a"}, "y": [{"content": "b"}, {"content": "c"}]}},
  "source": [{"null": {"z": {}}}],
  "build": [{"name": "one"}, {"name": "two"}]
})",
                                      "t.pkr.json", diagnostics);
  const BodyContent content = body->content(kRoot, diagnostics);
  EXPECT_THAT(summaries(diagnostics), IsEmpty());
  ASSERT_NE(content.find("description"), nullptr);
  std::vector<std::string> blocks;
  for (const Block& block : content.blocks) {
    std::string line = block.type;
    for (const std::string& label : block.labels) line += "." + label;
    blocks.push_back(line + " " + block.body->source_text());
  }
  EXPECT_THAT(blocks, ElementsAre("source.file.x {\"content\": \"a\"}",
                                  "source.file.y {\"content\": \"b\"}",
                                  "source.file.y {\"content\": \"c\"}", "source.null.z {}",
                                  "build {\"name\": \"one\"}", "build {\"name\": \"two\"}"));
  EXPECT_EQ(place(content.blocks[0].label_ranges[1]), "4:23");
  EXPECT_EQ(place(content.blocks[0].body->range()), "4:28");
  EXPECT_TRUE(body->is_json());
  EXPECT_THAT(body->item_names(), ElementsAre("description", "source", "build"));
}

TEST(JsonBody, ReportsWhatTheSchemaDoesNotAllow) {
  Diagnostics diagnostics;
  const BodyPtr body = parse_json_body(R"({
  "descriptoin": "d",
  "source": {"file": 5},
  "build": "x",
  "source": {}
})",
                                      "t.pkr.json", diagnostics);
  BodySchema schema = kRoot;
  schema.attributes.push_back({"needed", true});
  body->content(schema, diagnostics);
  EXPECT_THAT(summaries(diagnostics),
              ElementsAre("E 3:22 Incorrect JSON value type", "E 4:12 Incorrect JSON value type",
                          "E 5:13 Missing block label", "E 1:1 Missing required argument",
                          "E 2:3 Extraneous JSON object property"));
  EXPECT_EQ(diagnostics.items()[0].detail,
            "Either a JSON object or JSON array of objects is required here, specifying the name "
            "of one or more blocks as property names.");
  EXPECT_EQ(diagnostics.items()[2].detail,
            "At least one object property is required, whose name represents the source block's "
            "type.");
  EXPECT_EQ(diagnostics.items()[3].detail,
            "The argument \"needed\" is required, but no definition was found.");
  EXPECT_EQ(diagnostics.items()[4].detail, "No argument or block type is named \"descriptoin\".");
  EXPECT_EQ(diagnostics.items()[4].hint, "Did you mean \"description\"?");
}

TEST(JsonBody, DuplicateAttributesAreErrors) {
  Diagnostics diagnostics;
  const BodyPtr body =
      parse_json_body("{\"a\": 1,\n \"a\": 2}", "t.pkrvars.json", diagnostics);
  EXPECT_EQ(body->just_attributes(diagnostics).size(), 1U);
  EXPECT_THAT(summaries(diagnostics), ElementsAre("E 2:2 Duplicate attribute definition"));
  EXPECT_EQ(diagnostics.items()[0].detail,
            "The argument \"a\" was already set at t.pkrvars.json:1,2.");
}

TEST(JsonBody, PartialContentLeavesTheRest) {
  Diagnostics diagnostics;
  const BodyPtr body =
      parse_json_body(R"({"a": 1, "b": {"x": 1}, "c": [2]})", "t.pkr.json", diagnostics);
  BodyPtr rest;
  const BodyContent content = body->partial_content({{{"a", false}}, {}}, rest, diagnostics);
  EXPECT_EQ(content.attributes.size(), 1U);
  EXPECT_THAT(rest->item_names(), ElementsAre("b", "c"));
  EXPECT_EQ(rest->source_text(), R"({"b": {"x": 1}, "c": [2]})");
  EXPECT_EQ(rest->just_attributes(diagnostics).size(), 2U);
  EXPECT_THAT(summaries(diagnostics), IsEmpty());
}

TEST(JsonBody, BadDocumentsStillGiveABody) {
  Diagnostics diagnostics;
  EXPECT_THAT(parse_json_body("{", "t", diagnostics)->item_names(), IsEmpty());
  EXPECT_THAT(parse_json_body("5", "t", diagnostics)->item_names(), IsEmpty());
  EXPECT_THAT(summaries(diagnostics),
              ElementsAre("E 1:2 Error parsing JSON", "E 1:1 Root value must be object"));
}

TEST(JsonExpression, StringsAndKeysAreTemplates) {
  Diagnostics diagnostics;
  const BodyPtr body = parse_json_body(
      R"({"a": "x-${var.name}", "b": "${var.count}", "c": {"${var.name}": [1.5, null, true]},
          "d": "plain $${x}", "e": 123456789012345678901234567890})",
      "t.pkr.json", diagnostics);
  const std::vector<Attribute> attributes = body->just_attributes(diagnostics);
  const std::vector<std::string> expected = {R"("x-web")", "3", R"({"web":[1.5,null,true]})",
                                             R"("plain ${x}")", "123456789012345678901234567890"};
  ASSERT_EQ(attributes.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const Value value = evaluate(*attributes[i].expression, diagnostics);
    EXPECT_EQ(*value::to_json(value), expected[i]);
  }
  EXPECT_THAT(summaries(diagnostics), IsEmpty());
  std::vector<Traversal> references;
  attributes[2].expression->references(references);
  ASSERT_EQ(references.size(), 1U);
  EXPECT_EQ(references[0].root, "var");
}

TEST(JsonExpression, StringsAreAlsoTypesReferencesAndCalls) {
  Diagnostics diagnostics;
  const BodyPtr body = parse_json_body(
      R"J({"type": "list(string)", "word": "string", "sources": ["source.null.x"], "o": {"k": 1}})J",
      "t.pkr.json", diagnostics);
  const std::vector<Attribute> attributes = body->just_attributes(diagnostics);
  const auto call = attributes[0].expression->as_call();
  ASSERT_TRUE(call);
  EXPECT_EQ(call->name, "list");
  ASSERT_EQ(call->arguments.size(), 1U);
  EXPECT_EQ(call->arguments[0]->as_keyword(), "string");
  EXPECT_EQ(attributes[1].expression->as_keyword(), "string");
  const auto items = attributes[2].expression->as_tuple();
  ASSERT_TRUE(items);
  const auto traversal = items->front()->as_traversal();
  ASSERT_TRUE(traversal);
  EXPECT_EQ(traversal->root, "source");
  EXPECT_EQ(traversal->steps.size(), 2U);
  const auto object = attributes[3].expression->as_object();
  ASSERT_TRUE(object);
  EXPECT_EQ(object->size(), 1U);
}

TEST(JsonExpression, ReportsProblemsInPlace) {
  Diagnostics diagnostics;
  const BodyPtr body = parse_json_body(
      "{\"a\": {\"x\": 1,\n \"x\": 2},\n \"b\": \"${\"}", "t.pkr.json", diagnostics);
  const std::vector<Attribute> attributes = body->just_attributes(diagnostics);
  EXPECT_FALSE(evaluate(*attributes[0].expression, diagnostics).is_known());
  EXPECT_THAT(summaries(diagnostics), ElementsAre("E 2:2 Duplicate object attribute"));
  EXPECT_EQ(diagnostics.items()[0].detail,
            "An attribute named \"x\" was already defined at t.pkr.json:1,8.");
  EXPECT_FALSE(evaluate(*attributes[1].expression, diagnostics).is_known());
  EXPECT_GE(diagnostics.size(), 2U);
}

}  // namespace
}  // namespace farm::hcl2
