#include "common/template/interpolate/engine.h"

#include <gtest/gtest.h>

#include "tests/unit/common/template/interpolate/engine_context.h"

namespace farm::interpolate {
namespace {

using value::Value;

struct Case {
  const char* template_text;
  const char* expected;
};

void check(const std::vector<Case>& cases, const Context& context) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.template_text);
    EXPECT_EQ(EngineWorld::render(c.template_text, context), c.expected);
  }
}

TEST(Engine, RendersTextAndConstants) {
  EngineWorld world;
  check(
      {
          {"", ""},
          {"plain } text {", "plain } text {"},
          {"a{{ \"b\" }}c", "abc"},
          {"{{`raw \\n`}}", "raw \\n"},
          {"{{ \"{{\" }} {{`}}`}}", "{{ }}"},
          {"{{ \"tab\\tquote\\\"x\\u00e9\\101\" }}", "tab\tquote\"x\xC3\xA9" "A"},
          {"{{ 'a' }} {{ '\\n' }} {{ '\\'' }}", "97 10 39"},
          {"{{ 1.5 }} {{1e30}} {{0x10}} {{ true }} {{0b11}} {{0o17}} {{017}} {{1_000}}",
           "1.5 1e+30 16 true 3 15 15 1000"},
          {"{{ 100000.0 }} {{1234567.0}} {{1e8}} {{0.00001}} {{-5}}",
           "100000 1.234567e+06 1e+08 1e-05 -5"},
          {"a {{- \" b \" -}} c", "a b c"},
          {"a \n {{- 3 }}", "a3"},
          {"{{ 3 -}} \n b", "3b"},
          {"{{/* gone */}}x{{- /* trims */ -}} y", "xy"},
          {"{{ printf\n\"%d\"\n5 }}", "5"},
          {"{{upper `x`}}}}", "X}}"},
      },
      world.context());
}

TEST(Engine, RunsPipelines) {
  EngineWorld world;
  check(
      {
          {"{{ user `name` | upper }}", "WEB"},
          {"{{ upper (user \"name\") }}", "WEB"},
          {"{{ (split \"a-b\" \"-\" 1) | upper }}", "B"},
          {"{{ \"a-b\" | replace_all \"-\" \":\" }}", "a:b"},
          {"{{ upper \"a\" | printf \"%s-%s\" \"x\" }}", "x-A"},
          {"{{ \"a\" | upper | }}", "A"},
          {"{{ $x := 5 }}{{ $x = 6 }}{{ $x }}", "6"},
          {"{{ with $x := \"v\" }}{{ $x }}{{ . }}{{ end }}", "vv"},
      },
      world.context());
}

TEST(Engine, RunsControlStructures) {
  EngineWorld world;
  Context context = world.context();
  context.data = {{"List", Value::tuple({Value::string("a"), Value::string("b")})},
                  {"None", Value::tuple({})},
                  {"Map", Value::object({{"k", Value::string("v")}, {"j", Value::number(2)}})}};
  check(
      {
          {"{{ if eq 1 1 }}yes{{ else if true }}no{{ end }}", "yes"},
          {"{{ if false }}a{{ else if eq (user `name`) \"web\" }}b{{ else }}c{{ end }}", "b"},
          {"{{ if user `empty` }}a{{ else }}b{{ end }}", "b"},
          {"{{ range .List }}<{{ . }}>{{ end }}", "<a><b>"},
          {"{{ range $i, $e := .List }}{{ $i }}={{ $e }},{{ end }}", "0=a,1=b,"},
          {"{{ range $k, $v := .Map }}{{ $k }}={{ $v }},{{ end }}", "j=2,k=v,"},
          {"{{ range .None }}x{{ else }}none{{ end }}", "none"},
          {"{{ range .Missing }}x{{ else }}none{{ end }}", "none"},
          {"{{ range 3 }}{{ . }}{{ end }}", "012"},
          {"{{ range .List }}{{ . }}{{ break }}{{ end }}", "a"},
          {"{{ range .List }}{{ if eq . \"a\" }}{{ continue }}{{ end }}{{ . }}{{ end }}", "b"},
          {"{{ range .List }}{{ $.Map.k }}{{ end }}", "vv"},
          {"{{ with \"a\" }}{{ . }}{{ else }}b{{ end }}", "a"},
          {"{{ with .Missing }}a{{ else with \"c\" }}{{ . }}{{ end }}", "c"},
          {"{{ define \"T\" }}[{{ . }}]{{ end }}{{ template \"T\" \"q\" }}{{ block \"B\" 5 }}"
           "<{{.}}>{{end}}",
           "[q]<5>"},
          {"{{ and 1 0 2 }} {{ or 0 \"\" 3 }} {{ not 1 }}", "0 3 false"},
          {"{{ or true (split \"a\" \"-\" 9) }}", "true"},
          {"{{ eq 1 2 1 }} {{ lt \"a\" \"b\" }} {{ ge 2 2 }} {{ ne 1.5 1.5 }} {{ le 1 2 }}",
           "true true true false true"},
          {"{{ .Map.k }} {{ .Map.zz }} {{ .List }} {{ .Map }} {{ len .List }} {{ index .List 1 }}",
           "v <no value> [a b] map[j:2 k:v] 2 b"},
          {"{{ index .Map \"k\" }} {{ slice .List 1 }} {{ (index .List 0) }}", "v [b] a"},
          {"{{ .Missing.Deep }}", "<no value>"},
      },
      context);
}

// The messages are those of Go's text/template as Packer prints them.
TEST(Engine, ReportsSyntaxErrors) {
  EngineWorld world;
  check(
      {
          {"{{foo}}", "error: template: root:1: function \"foo\" not defined"},
          {"{{usr `a`}}",
           "error: template: root:1: function \"usr\" not defined (did you mean \"user\"?)"},
          {"a\nb{{foo}}", "error: template: root:2: function \"foo\" not defined"},
          {"{{ if }}x{{ end }}", "error: template: root:1: missing value for if"},
          {"{{ end }}", "error: template: root:1: unexpected {{end}}"},
          {"{{ else }}", "error: template: root:1: unexpected {{else}}"},
          {"{{ if true }}", "error: template: root:1: unexpected EOF"},
          {"a {{", "error: template: root:1: unclosed action"},
          {"{{ \"abc }}", "error: template: root:1: unterminated quoted string"},
          {"{{ `abc }}", "error: template: root:1: unterminated raw quoted string"},
          {"{{ 'ab' }}", "error: template: root:1: malformed character constant: 'ab'"},
          {"{{ $x }}", "error: template: root:1: undefined variable \"$x\""},
          {"{{ (5 }}", "error: template: root:1: unclosed left paren"},
          {"{{ 5) }}", "error: template: root:1: unexpected right paren"},
          {"{{/* a */ }}", "error: template: root:1: comment ends before closing delimiter"},
          {"{{/* a }}", "error: template: root:1: unclosed comment"},
          {"{{ \"a\".b }}", "error: template: root:1: unexpected . after term \"\\\"a\\\"\""},
          {"{{ true.x }}", "error: template: root:1: unexpected . after term \"true\""},
          {"{{ 1 | 2 }}",
           "error: template: root:1: non executable command in pipeline stage 2"},
          {"{{ \"\\q\" }}", "error: template: root:1: invalid syntax"},
          {"{{ % }}", "error: template: root:1: unexpected \"%\" in command"},
          {"{{{upper `x`}}", "error: template: root:1: unexpected \"{\" in command"},
          {"{{ upper(user \"x\") }}", "error: template: root:1: unexpected \"(\" in operand"},
          {"{{ \"x\"upper }}", "error: template: root:1: unexpected \"upper\" in operand"},
          {"{{ 1 = 2 }}", "error: template: root:1: unexpected \"=\" in operand"},
          {"{{ : }}", "error: template: root:1: expected :="},
          {"{{ .X }", "error: template: root:1: unexpected \"}\" in operand"},
          {"{{ | upper }}", "error: template: root:1: unexpected \"|\" in command"},
          {"{{ \"a\" | | upper }}", "error: template: root:1: unexpected \"|\" in command"},
          {"{{}}", "error: template: root:1: missing value for command"},
          {"{{ break }}", "error: template: root:1: {{break}} outside {{range}}"},
          {"{{ range $a, $b, $c := 1 }}{{end}}",
           "error: template: root:1: too many declarations in range"},
          {"{{ $a, $b := 1 }}", "error: template: root:1: too many declarations in command"},
          {"{{ 08 }}", "error: template: root:1: integer overflow: \"08\""},
          {"{{ 99999999999999999999 }}",
           "error: template: root:1: integer overflow: \"99999999999999999999\""},
          {"{{ 3x }}", "error: template: root:1: bad number syntax: \"3x\""},
          {"{{ .a% }}", "error: template: root:1: bad character U+0025 '%'"},
          {"{{ template \"x\" | upper }}",
           "error: template: root:1: unexpected \"|\" in template clause"},
          {"{{ if true }}{{ define \"x\" }}{{ end }}{{ end }}",
           "error: template: root:1: unexpected <define> in command"},
      },
      world.context());
}

TEST(Engine, ReportsErrorsOfExecution) {
  EngineWorld world;
  Context context = world.context();
  context.data = {{"Text", Value::string("t")}, {"Number", Value::number(3)}};
  const std::string head = "error: template: root:1:3: executing \"root\" at ";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{{ upper }}", head + "<upper>: wrong number of args for upper: want 1 got 0"},
      {"{{ printf }}", head + "<printf>: wrong number of args for printf: want at least 1 got 0"},
      {"{{ 5 5 }}", head + "<5>: can't give argument to non-function 5"},
      {"{{ nil }}", head + "<nil>: nil is not a command"},
      {"{{ isotime \"2006\" \"x\" }}",
       head + "<isotime \"2006\" \"x\">: error calling isotime: too many values, 1 needed: "
              "[2006 x]"},
      {"{{ index \"abc\" 7 }}",
       head + "<index \"abc\" 7>: error calling index: index out of range: 7"},
      {"{{ index 5 1 }}", head + "<index 5 1>: error calling index: can't index item of type int"},
      {"{{ index nil 1 }}", head + "<index nil 1>: error calling index: index of untyped nil"},
      {"{{ index \"abc\" \"x\" }}",
       head +
           "<index \"abc\" \"x\">: error calling index: cannot index slice/array with type string"},
      {"{{ len 5 }}", head + "<len 5>: error calling len: len of type int"},
      {"{{ eq 1 \"a\" }}",
       head + "<eq 1 \"a\">: error calling eq: incompatible types for comparison"},
      {"{{ eq 1 1.0 }}", head + "<eq 1 1.0>: error calling eq: incompatible types for comparison"},
      {"{{ eq 1 }}", head + "<eq 1>: error calling eq: missing argument for comparison"},
      {"{{ lt true false }}",
       head + "<lt true false>: error calling lt: invalid type for comparison"},
      {"{{ call 5 }}", head + "<call 5>: error calling call: non-function of type int"},
      {"{{ .Text.Deep }}", head + "<.Text.Deep>: can't evaluate field Deep in type string"},
      {"{{ upper 5 }}",
       "error: template: root:1:9: executing \"root\" at <5>: expected string; found 5"},
      {"{{ upper .Missing }}",
       "error: template: root:1:9: executing \"root\" at <.Missing>: invalid value; expected "
       "string"},
      {"{{ upper .Number }}",
       "error: template: root:1:9: executing \"root\" at <.Number>: wrong type for value; expected "
       "string; got int"},
      {"{{ 5 | upper }}",
       "error: template: root:1:7: executing \"root\" at <upper>: wrong type for value; expected "
       "string; got int"},
      {"{{ upper nil }}",
       "error: template: root:1:9: executing \"root\" at <nil>: cannot assign nil to string"},
      {"{{ split \"a\" \"-\" \"x\" }}",
       "error: template: root:1:17: executing \"root\" at <\"x\">: expected integer; found \"x\""},
      {"{{ template \"x\" }}",
       "error: template: root:1:12: executing \"root\" at <{{template \"x\"}}>: template \"x\" not "
       "defined"},
      {"{{ range \"abc\" }}{{end}}",
       "error: template: root:1:9: executing \"root\" at <\"abc\">: range can't iterate over abc"},
      {"a\n bc{{ upper }}",
       "error: template: root:2:6: executing \"root\" at <upper>: wrong number of args for upper: "
       "want 1 got 0"},
  };
  for (const auto& [text, expected] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(EngineWorld::render(text, context), expected);
  }
}

TEST(Engine, BoundsWorkDepthAndSize) {
  EngineWorld world;
  EXPECT_EQ(world.render("{{ range 2000000 }}{{ end }}"),
            "error: template: root:1:9: executing \"root\" at <2000000>: the template takes too "
            "many steps");
  EXPECT_EQ(world.render("{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}"),
            "error: template: root:1:28: executing \"a\" at <{{template \"a\"}}>: exceeded maximum "
            "template depth (50)");
  std::string deep = "1";
  for (int i = 0; i < 150; ++i) deep = "(" + deep + ")";
  EXPECT_EQ(world.render("{{ " + deep + " }}"),
            "error: template: root:1: nested more than 100 levels deep");
  std::string doubling = "{{ $x := \"abcdefgh\" }}";
  for (int i = 0; i < 40; ++i) doubling += "{{ $x = printf \"%s%s\" $x $x }}";
  EXPECT_NE(world.render(doubling).find(": the result is too long"), std::string::npos);
}

TEST(Engine, ChecksSyntaxWithoutRunning) {
  EXPECT_TRUE(check_syntax("{{ user `x` }} {{ .Vars }} {{ clean_resource_name `a` }}"));
  EXPECT_TRUE(check_syntax("no braces"));
  const Result<void> bad = check_syntax("{{ nope }}");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::InvalidInput);
  EXPECT_EQ(bad.error().message, "template: root:1: function \"nope\" not defined");
}

}  // namespace
}  // namespace farm::interpolate
