#include "tests/unit/common/template/hcl2/evaluation.h"

#include <gtest/gtest.h>

namespace farm::hcl2 {
namespace {

struct Case {
  const char* text;
  const char* expected;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    World world;
    EXPECT_EQ(world.run(c.text), c.expected);
  }
}

TEST(Evaluation, Operators) {
  check({
      {"1 + 2 * 3", "number 7"},
      {"5-3", "number 2"},
      {"0.1 + 0.2 == 0.3", "bool true"},
      {"1/3*3 == 1", "bool true"},
      {"-\"5\"", "number -5"},
      {"!\"1\"", "bool false"},
      {"\"2\" + \"3\"", "number 5"},
      {"\"10\" > 9", "bool true"},
      {"5 % -3", "number 2"},
      {"1 == \"1\"", "bool false"},
      {"[1,2] == [1,2]", "bool true"},
      {"var.l == [\"a\",\"b\"]", "bool false"},
      {"var.nul == null", "bool true"},
      {"1/0 == 1/0", "bool true"},
      {"-true", "! Invalid operand"},
      {"0/0", "! Operation failed"},
      {"true && null", "! Operation failed"},
      {"1 && true", "! Invalid operand"},
      {"false && var.nope", "bool false"},
      {"true || var.nope", "bool true"},
      {"var.u == 1", "bool unknown"},
      {"var.u + 1", "number unknown"},
      {"var.u && false", "bool false"},
      {"1 == 2 == 3", "bool false"},
  });
}

TEST(Evaluation, Conditionals) {
  check({
      {"true ? 1 : \"a\"", "string \"1\""},
      {"true ? 1 : true", "! Inconsistent conditional result types"},
      {"true ? [1] : [\"a\"]", "tuple([string]) [\"1\"]"},
      {"true ? [1] : [\"a\",\"b\"]", "list(string) [\"1\"]"},
      {"false ? [] : [1]", "list(number) [1]"},
      {"true ? {a=1} : {b=2}", "map(number) {\"a\":1}"},
      {"true ? null : 1", "number null"},
      {"true ? 1 : var.nope", "number 1"},
      {"false ? 1 : var.nope", "! Unsupported attribute"},
      {"true ? 1 : nope.x", "number 1"},
      {"null ? 1 : 2", "! Null condition"},
      {"\"x\" ? 1 : 2", "! Incorrect condition type"},
      {"var.u ? 1 : \"a\"", "string unknown"},
      {"true ? false ? 1 : 2 : 3", "number 2"},
  });
}

TEST(Evaluation, Access) {
  check({
      {"var.l[1]", "string \"b\""},
      {"var.l[\"1\"]", "string \"b\""},
      {"var.l.0", "string \"a\""},
      {"var.l.0.1", "! Invalid legacy index syntax"},
      {"var.l[5]", "! Invalid index"},
      {"var.l[-1]", "! Invalid index"},
      {"var.l[0.5]", "! Invalid index"},
      {"var.set[0]", "! Invalid index"},
      {"var.s.x", "! Unsupported attribute"},
      {"{a=1}.b", "! Unsupported attribute"},
      {"{a=1}[\"b\"]", "! Invalid index"},
      {"var.m.nope", "! Missing map element"},
      {"var.nul.x", "! Attempt to get attribute from null value"},
      {"nope", "! Unknown variable"},
      {"var.u.a.b[0]", "any unknown"},
      {"var.objs[*].id", "tuple([number,number]) [1,2]"},
      {"var.objs[*].k[0]", "tuple([number,number]) [7,8]"},
      {"var.objs.*.k[0]", "tuple([number]) [7]"},
      {"var.nul[*]", "tuple([]) []"},
      {"var.s[*]", "tuple([string]) [\"str\"]"},
      {"var.l[*]", "list(string) [\"a\",\"b\"]"},
  });
}

TEST(Evaluation, ForExpressions) {
  check({
      {"[for v in var.l : \"<${v}>\"]",
       "tuple([string,string]) [\"\\u003ca\\u003e\",\"\\u003cb\\u003e\"]"},
      {"[for i, v in var.l : i if v != \"a\"]", "tuple([number]) [1]"},
      {"{for k, v in {b=2,a=1} : v => k}",
       "object({1=string,2=string}) {\"1\":\"a\",\"2\":\"b\"}"},
      {"{for v in [\"x\",\"y\",\"x\"] : v => 1...}",
       "object({x=tuple([number,number]),y=tuple([number])}) {\"x\":[1,1],\"y\":[1]}"},
      {"{for v in [\"x\",\"x\"] : v => 1}", "! Duplicate object key"},
      {"[for v in null : v]", "! Iteration over null value"},
      {"[for v in 5 : v]", "! Iteration over non-iterable value"},
      {"[for v in [1] : v if null]", "! Condition is null"},
      {"[for v in var.u : v]", "any unknown"},
      {"[for v in [1]: v...]", "! Invalid 'for' expression"},
      {"{for = 1}", "! Invalid 'for' expression"},
  });
}

TEST(Evaluation, Templates) {
  check({
      {"\"a${1}b\"", "string \"a1b\""},
      {"\"${1}\"", "number 1"},
      {"\"$${a} %%{b} \\u00e9 \\\\ \\\"\"", "string \"${a} %{b} \xc3\xa9 \\\\ \\\"\""},
      {"\"\\x\"", "! Invalid escape sequence"},
      {"\"a${null}\"", "! Invalid template interpolation value"},
      {"\"a${[]}\"", "! Invalid template interpolation value"},
      {"\"%{ if true }a%{ else }b%{ endif }\"", "string \"a\""},
      {"\"%{ for k, v in {a=1} }${k}${v}%{ endfor }\"", "string \"a1\""},
      {"\"a ${~ \"x\" ~}  b\"", "string \"axb\""},
      {"\"${var.u}x\"", "string unknown"},
      {"\"%{ foo }\"", "! Invalid template control keyword"},
      {"\"%{ endif }\"", "! Unexpected endif directive"},
      {"\"%{ if true }x\"", "! Unexpected end of template"},
      {"\"${1 2}\"", "! Extra characters after interpolation expression"},
      {"\"abc", "! Unterminated template string"},
      {"\"abc\ndef\"", "! Invalid multi-line string"},
  });
}

// Expected texts are those of packer console 1.6.6.
TEST(Evaluation, Heredocs) {
  check({
      {"<<EOT\n  a ${1}\n \"b\\n\n  EOT\n", "string \"  a 1\\n \\\"b\\\\n\\n\""},
      {"<<-EOT\n    a\n      ${\"x\"}\n   ${\"y\"} z\n\n    \\n $${a}\n   EOT\n",
       "string \" a\\n   x\\ny z\\n\\n \\\\n ${a}\\n\""},
      {"<<-EOT\n\t  %{ if true ~}\n\t   foo\n\t  %{ endif ~}\n\tbar\n\tEOT\n",
       "string \"\\t   foo\\n\\tbar\\n\""},
      {"<<EOT\n%{ for x in [1,2] ~}\n  - ${x}\n%{ endfor ~}\n  end\nEOT\n",
       "string \"  - 1\\n  - 2\\n  end\\n\""},
  });
}

TEST(Evaluation, ObjectsAndTuples) {
  check({
      {"{\"a b\" = 1, (var.s) = 2, 3 = 4, if = 5}",
       "object({3=number,a b=number,if=number,str=number}) {\"3\":4,\"a b\":1,\"if\":5,\"str\":2}"},
      {"{\n a = 1\n\n b : 2,\n}", "object({a=number,b=number}) {\"a\":1,\"b\":2}"},
      {"{a.b = 1}", "! Ambiguous attribute key"},
      {"{(null) = 1}", "! Null value as key"},
      {"{a 1}", "! Missing key/value separator"},
      {"[1 2]", "! Missing item separator"},
      {"[1,\n 2,\n]", "tuple([number,number]) [1,2]"},
      {"a-b", "! Unknown variable"},
  });
}

TEST(Evaluation, FunctionCalls) {
  check({
      {"upper(\"a\")", "string \"A\""},
      {"upper(1)", "string \"1\""},
      {"max([1,2,3]...)", "number 3"},
      {"uper(\"a\")", "! Call to unknown function"},
      {"a::b(1)", "! Call to unknown function"},
      {"upper(null)", "! Invalid function argument"},
      {"upper([])", "! Invalid function argument"},
      {"upper()", "! Not enough function arguments"},
      {"upper(\"a\",\"b\")", "! Too many function arguments"},
      {"max(null...)", "! Invalid expanding argument value"},
      {"upper(var.us)", "string unknown"},
      {"upper(var.secret)", "string \"X\" sensitive"},
      {"try(var.nope, \"x\")", "string \"x\""},
      {"try(var.nope)", "! Error in function call"},
      {"can(var.nope)", "bool false"},
      {"can(var.s)", "bool true"},
      {"convert(\"5\", number)", "number 5"},
      {"convert([1,\"2\"], set(string))", "set(string) [\"1\",\"2\"]"},
      {"convert({a=1}, object({a=string, b=optional(number, 3), c=optional(object({d="
       "optional(string, \"x\")}), {})}))",
       "object({a=string,b=number,c=object({d=string})}) "
       "{\"a\":\"1\",\"b\":3,\"c\":{\"d\":\"x\"}}"},
      {"convert(1, int)", "! Invalid type specification"},
      {"convert(1, list)", "! Invalid type specification"},
  });
}

TEST(Evaluation, MarksGoThrough) {
  check({
      {"\"x${var.secret}\"", "string \"xx\" sensitive"},
      {"var.secret == \"x\"", "bool true sensitive"},
      {"[var.secret][0]", "string \"x\" sensitive"},
      {"{for x in [var.secret] : x => 1}", "object({x=number}) {\"x\":1} sensitive"},
      {"var.secret == \"x\" ? 1 : 2", "number 1 sensitive"},
  });
}

TEST(Evaluation, SyntaxErrors) {
  check({
      {"1 & 2", "! Unsupported operator"},
      {"'a'", "! Invalid character"},
      {"1 +", "! Missing expression"},
      {"a b", "! Extra characters after expression"},
      {"foo.", "! Invalid attribute name"},
      {"(1", "! Unbalanced parentheses"},
      {"upper(1", "! Missing argument separator"},
      {"/* x", "! Unterminated comment"},
      {"\"\xff\"", "! Invalid character encoding"},
      {"1 ? 2", "! Missing false expression in conditional"},
  });
}

TEST(Evaluation, SuggestsTheNearestName) {
  World world;
  Diagnostics diagnostics;
  const auto expression = parse_expression("vra.s", "test", diagnostics);
  expression->evaluate(world.context(), diagnostics);
  ASSERT_EQ(diagnostics.size(), 1U);
  EXPECT_EQ(diagnostics.items()[0].detail, "There is no variable named \"vra\".");
  EXPECT_EQ(diagnostics.items()[0].hint, "Did you mean \"var\"?");
}

TEST(Evaluation, NestingIsBounded) {
  World world;
  EXPECT_EQ(world.run(std::string(100000, '(')), "! Expression nested too deeply");
  EXPECT_EQ(world.run(std::string(100000, '[')), "! Expression nested too deeply");
  EXPECT_EQ(world.run(std::string(100000, '!') + "true"), "! Expression nested too deeply");
  std::string templates;
  for (int i = 0; i < 50000; ++i) templates += "\"${";
  EXPECT_EQ(world.run(templates), "! Expression nested too deeply");
  std::string sum = "1";
  for (int i = 0; i < 1000; ++i) sum += "+1";
  EXPECT_EQ(world.run(sum), "number 1001");
}

TEST(Evaluation, BudgetEndsEndlessWork) {
  World world;
  world.budget.steps = 100000;
  std::string thousand = "[";
  for (int i = 0; i < 100; ++i) thousand += "0,";
  thousand += "]";
  EXPECT_EQ(world.run("[for a in " + thousand + " : [for b in " + thousand + " : [for c in " +
                      thousand + " : 0]]]"),
            "! Template too expensive");
  World memory;
  memory.budget.bytes = 1000;
  EXPECT_EQ(memory.run("\"" + std::string(2000, 'x') + "${1}\""), "! Template too expensive");
}

TEST(References, LeaveOutNamesBoundByFor) {
  Diagnostics diagnostics;
  const auto expression = parse_expression(
      "[for k, v in local.a : \"${k}${v}${var.b[0].c}\"] == data.x.y[*].z", "test", diagnostics);
  ASSERT_FALSE(diagnostics.has_errors());
  std::vector<Traversal> references;
  expression->references(references);
  std::vector<std::string> texts;
  for (const Traversal& reference : references) texts.push_back(reference.str());
  EXPECT_EQ(texts, (std::vector<std::string>{"local.a", "var.b[0].c", "data.x.y"}));
}

}  // namespace
}  // namespace farm::hcl2
