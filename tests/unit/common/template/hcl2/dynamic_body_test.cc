#include "common/template/hcl2/dynamic_body.h"

#include <gtest/gtest.h>

#include "tests/unit/common/template/hcl2/evaluation.h"

namespace farm::hcl2 {
namespace {

// Reads `text` expanded with schema: attribute a, block blk "type", block sub. Prints blocks as
// `blk "label" { name=json ... }`, then error summaries.
std::string expand(World& world, const std::string& text) {
  Diagnostics diagnostics;
  const BodyPtr body =
      expand_dynamic(parse_native(text, "t", diagnostics), world.context());
  const BodyContent content =
      body->content({{{"a"}}, {{"blk", {"type"}}, {"sub", {}}}}, diagnostics);
  std::string out;
  for (const Block& block : content.blocks) {
    out += block.type;
    for (const std::string& label : block.labels) out += " \"" + label + "\"";
    BodyPtr rest;
    const BodyContent inner = block.body->partial_content({{}, {{"sub", {}}}}, rest, diagnostics);
    const auto print = [&](const Body& from) {
      for (const Attribute& attribute : from.just_attributes(diagnostics)) {
        const auto json = value::to_json(attribute.expression->evaluate(world.context(),
                                                                        diagnostics));
        out += " " + attribute.name + "=" + (json ? *json : "unknown");
      }
    };
    print(*rest);
    for (const Block& nested : inner.blocks) {
      out += " sub(";
      print(*nested.body);
      out += " )";
    }
    out += "\n";
  }
  for (const Diagnostic& item : diagnostics.items()) out += "! " + item.summary + "\n";
  return out;
}

TEST(DynamicBody, Expands) {
  struct Case {
    const char* name;
    const char* text;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {"map",
       "dynamic \"sub\" {\n for_each = {k = \"v\"}\n content {\n"
       " x = sub.key\n y = sub.value\n }\n}\n",
       "sub x=\"k\" y=\"v\"\n"},
      {"set key is value",
       "dynamic \"sub\" {\n for_each = var.set\n content {\n x = sub.key\n }\n}\n",
       "sub x=\"a\"\nsub x=\"b\"\n"},
      {"labels and iterator",
       "dynamic \"blk\" {\n for_each = [\"p\", \"q\"]\n iterator = it\n labels = [it.value]\n"
       " content {\n x = it.key\n }\n}\n",
       "blk \"p\" x=0\nblk \"q\" x=1\n"},
      {"order with static blocks",
       "sub {\n x = 1\n}\ndynamic \"sub\" {\n for_each = [2]\n content {\n"
       " x = sub.value\n }\n}\n"
       "sub {\n x = 3\n}\n",
       "sub x=1\nsub x=2\nsub x=3\n"},
      {"nested",
       "dynamic \"blk\" {\n for_each = [[1, 2]]\n labels = [\"l\"]\n content {\n"
       "  dynamic \"sub\" {\n"
       "   for_each = blk.value\n   content {\n"
       "    x = \"${blk.key}${sub.value}\"\n   }\n  }\n }\n}\n",
       "blk \"l\" sub( x=\"01\" ) sub( x=\"02\" )\n"},
      {"unknown", "dynamic \"sub\" {\n for_each = var.u\n content {\n x = 1\n }\n}\n",
       "sub x=unknown\n"},
      {"null", "dynamic \"sub\" {\n for_each = null\n content {}\n}\n",
       "! Invalid dynamic for_each value\n"},
      {"string", "dynamic \"sub\" {\n for_each = \"a\"\n content {}\n}\n",
       "! Invalid dynamic for_each value\n"},
      {"missing labels", "dynamic \"blk\" {\n for_each = [1]\n content {}\n}\n",
       "! Missing type for blk\n"},
      {"unknown type", "dynamic \"nope\" {\n for_each = [1]\n content {}\n}\n",
       "! Unsupported block type\n"},
      {"no content", "dynamic \"sub\" {\n for_each = [1]\n}\n",
       "! Missing dynamic content block\n"},
      {"no for_each", "dynamic \"sub\" {\n content {}\n}\n", "! Missing required argument\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    World world;
    EXPECT_EQ(expand(world, c.text), c.expected);
  }
}

TEST(DynamicBody, TextAndIteratorsGiveTheSameValues) {
  World world;
  Diagnostics diagnostics;
  const BodyPtr body = expand_dynamic(
      parse_native("dynamic \"sub\" {\n for_each = [{ l = var.l, m = var.m, s = var.secret }]\n"
                   " content {\n  x = sub.value\n  y = [for sub in [1] : sub]\n }\n}\n",
                   "t", diagnostics),
      world.context());
  const BodyContent content = body->content({{}, {{"sub", {}}}}, diagnostics);
  ASSERT_EQ(content.blocks.size(), 1U);
  EXPECT_TRUE(iterators_of(*body).empty());
  Scope scope(&world.scope);
  for (const auto& [name, v] : iterators_of(*content.blocks[0].body)) scope.set(name, v);
  const BodyPtr again =
      parse_native(content.blocks[0].body->source_text(), "again", diagnostics);
  const auto attributes = again->just_attributes(diagnostics);
  ASSERT_EQ(attributes.size(), 2U);
  const EvalContext context{scope, world.context().functions, world.context().budget};
  const value::Value v = attributes[0].expression->evaluate(context, diagnostics);
  EXPECT_EQ(v.type().str(), "object({l=list(string),m=map(number),s=string})");
  EXPECT_TRUE(v.get("s")->is_sensitive());
  EXPECT_FALSE(v.get("l")->is_sensitive());
  EXPECT_EQ(attributes[1].expression->evaluate(context, diagnostics).size(), 1U);
  EXPECT_FALSE(diagnostics.has_errors());
}

TEST(DynamicBody, SecretCollectionsGiveSecretIterators) {
  World world;
  Diagnostics diagnostics;
  const BodyPtr body = expand_dynamic(
      parse_native("dynamic \"sub\" {\n for_each = var.secretlist\n content {\n  x = sub.value\n }\n}\n",
                   "t", diagnostics),
      world.context());
  const BodyContent content = body->content({{}, {{"sub", {}}}}, diagnostics);
  ASSERT_EQ(content.blocks.size(), 2U);
  const value::Value sub = iterators_of(*content.blocks[0].body).at("sub");
  EXPECT_TRUE(sub.get("key")->is_sensitive());
  EXPECT_TRUE(sub.get("value")->is_sensitive());
}

}  // namespace
}  // namespace farm::hcl2
