#include "call.h"

#include "common/template/functions/json_reader.h"
#include "common/template/functions/yaml_reader.h"

#include <gtest/gtest.h>

namespace farm::functions {
namespace {

using value::Number;
using value::Type;
using value::Value;

TEST(EncodingFunctions, GiveWhatPackerGives) {
  expect_calls({
      {"base64encode", R"(["é"])", R"("w6k=")"},
      {"base64encode", R"([""])", R"("")"},
      {"base64encode", "[null]", "error in str: argument must not be null"},
      {"base64decode", R"(["aGk="])", R"("hi")"},
      {"base64decode", R"(["aGk"])", "error: failed to decode base64 data 'aGk'"},
      {"base64decode", R"(["aGk=x"])", "error: failed to decode base64 data 'aGk=x'"},
      {"base64decode", R"(["/w=="])",
       "error: the result of decoding the the provided string is not valid UTF-8"},
      {"base64gzip", R"([""])", R"("H4sIAAAAAAAA/wMAAAAAAAAAAAA=")"},
      {"base64gzip", "[null]", "error in str: argument must not be null"},
      {"textencodebase64", R"(["aé","UTF-16LE"])", R"("YQDpAA==")"},
      {"textencodebase64", R"(["a","UTF-16"])", R"("/v8AYQ==")"},
      {"textencodebase64", R"(["é","ISO-8859-1"])", R"("6Q==")"},
      {"textencodebase64", R"(["語","ISO-8859-1"])",
       "error in string: the given string contains characters that cannot be represented in "
       "ISO-8859-1"},
      {"textencodebase64", R"(["a","nonsense"])",
       "error in encoding: \"nonsense\" is not a supported IANA encoding name or alias"},
      {"textencodebase64", R"(["a","ASCII//TRANSLIT"])",
       "error in encoding: \"ASCII//TRANSLIT\" is not a supported IANA encoding name or alias"},
      {"textdecodebase64", R"(["YQDpAA==","UTF-16LE"])", R"("aé")"},
      {"textdecodebase64", R"(["/v8AYQ==","UTF-16"])", R"("a")"},
      {"textdecodebase64", R"(["YQ","UTF-8"])",
       "error in source: the given value is not valid Base64: illegal base64 data at input byte "
       "2"},
      {"textdecodebase64", R"(["/w==","UTF-8"])",
       "error in source: the given string contains symbols that are not defined for UTF-8"},
      {"urlencode", R"(["a b&é/~*"])", R"("a+b%26%C3%A9%2F~%2A")"},
      {"urlencode", R"([""])", R"("")"},
      {"urlencode", "[null]", "error in str: argument must not be null"},
  });
}

TEST(CsvDecode, ReadsRecords) {
  expect_calls({
      {"csvdecode", R"(["a,b\n1,2\n3,"])", R"([{"a":"1","b":"2"},{"a":"3","b":""}])"},
      {"csvdecode", R"(["a,b\r\n1,2\r\n\r\n3,\"4\r\n5\""])",
       R"([{"a":"1","b":"2"},{"a":"3","b":"4\n5"}])"},
      {"csvdecode", R"(["a\n\"x\"\"y\"\n\"\"\n"])", R"([{"a":"x\"y"},{"a":""}])"},
      {"csvdecode", R"(["a,b"])", "[]"},
      {"csvdecode", R"([""])", "error: missing header line"},
      {"csvdecode", R"(["a,a\n1,2"])", "error: duplicate column name \"a\""},
      {"csvdecode", R"(["a,b\n\"x\ny\",2\n1"])", "error: record on line 4: wrong number of fields"},
      {"csvdecode", R"(["a\nx\"y\n"])",
       "error: parse error on line 2, column 2: bare \" in non-quoted-field"},
      {"csvdecode", R"(["a\n\"x\n"])",
       "error: parse error on line 2, column 4: extraneous or missing \" in quoted-field"},
      {"csvdecode", R"(["a\n\"x\"y\n"])",
       "error: parse error on line 2, column 3: extraneous or missing \" in quoted-field"},
  });
}

TEST(JsonDecode, ReadsDocuments) {
  struct JsonCase {
    std::string text;
    std::string expected;
  };
  const std::vector<JsonCase> cases = {
      {R"({"b":[1,null,true,"x"],"a":1,"a":2})", R"({"a":2,"b":[1,null,true,"x"]})"},
      {"123456789012345678901234567890.5", "123456789012345678901234567890.5"},
      {R"("\u00e9\ud83d\ude00\ud800x\n")", "\"é😀\uFFFDx\\n\""},
      {" [ ] ", "[]"},
      {"-1.5e2", "-150"},
      {"", "EOF"},
      {"{", "EOF"},
      {"[1", "EOF"},
      {"nul", "unexpected EOF"},
      {"\"a", "unexpected EOF"},
      {"1.", "unexpected EOF"},
      {"1 2", "extraneous data after JSON object"},
      {"01", "extraneous data after JSON object"},
      {"[1,]", "invalid character ']' looking for beginning of value"},
      {"[1 2]", "invalid character '2' after array element"},
      {"{a:1}", "invalid character 'a'"},
      {R"({"a" 1})", "invalid character '1' after object key"},
      {R"({"a":1 2})", "invalid character '2' after object key:value pair"},
      {R"({"a":1,})", "invalid character '}' looking for beginning of object key string"},
      {"[tru]", "invalid character ']' in literal true (expecting 'e')"},
      {R"("\q")", "invalid character 'q' in string escape code"},
      {"\"\xff\"", "invalid UTF-8 in string literal"},
  };
  for (const JsonCase& c : cases) {
    SCOPED_TRACE(c.text);
    const Result<Value> v = read_json(c.text);
    EXPECT_EQ(v ? *value::to_json(*v) : v.error().message, c.expected);
  }
}

TEST(JsonDecode, LimitsDepth) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(read_json(deep).error().message, "JSON is nested deeper than 128 levels");
}

TEST(JsonEncode, WritesValues) {
  expect_calls({
      {"jsonencode", R"([{"b":1.50,"a":"<é>"}])", R"("{\"a\":\"\\u003cé\\u003e\",\"b\":1.5}")"},
      {"jsonencode", "[null]", R"("null")"},
      {"jsonencode", "[1e30]", R"("1000000000000000000000000000000")"},
  });
  Call call;
  EXPECT_EQ(
      outcome_text("jsonencode", call.outcome("jsonencode", {Value::number(Number::infinity())})),
      "error: cannot serialize infinity as JSON");
  EXPECT_EQ(
      outcome_text("jsonencode",
                   call.outcome("jsonencode", {Value::tuple({Value::unknown(Type::string())})})),
      "unknown");
}

// Every expected text is what Packer printed for the same value.
TEST(YamlEncode, WritesBlockStyle) {
  struct YamlCase {
    std::string json;
    std::string expected;
  };
  const std::string words =
      "word word word word word word word word word word word word word word word word word word";
  const std::vector<YamlCase> cases = {
      {R"({"a":"x\ny\n","b":[1,{"c":2,"d":[],"e":{}}],"f":[[1,2],[3]],"g":null,"h":true,"i":1.5})",
       "\"a\": |\n  x\n  y\n\"b\":\n- 1\n- \"c\": 2\n  \"d\": []\n  \"e\": {}\n\"f\":\n- - 1\n"
       "  - 2\n- - 3\n\"g\": null\n\"h\": true\n\"i\": 1.5\n"},
      {R"("x")", "\"x\"\n"},
      {R"("x\ny")", "|-\n  x\n  y\n"},
      {R"("x\n\n")", "|+\n  x\n\n"},
      {"1", "1\n...\n"},
      {"null", "null\n...\n"},
      {"[]", "[]\n"},
      {"{}", "{}\n"},
      {R"({"a":"x\n\n","b":1})", "\"a\": |+\n  x\n\n\"b\": 1\n"},
      {R"({"a":" x\ny"})", "\"a\": |2-\n   x\n  y\n"},
      {R"({"a":"x \ny"})", "\"a\": \"x \\ny\"\n"},
      {R"({"a":"x\ny "})", "\"a\": \"x\\ny \"\n"},
      {R"({"a":"\nx\ny"})", "\"a\": |2-\n\n  x\n  y\n"},
      {R"({"a":"x\ty\nz"})", "\"a\": \"x\\ty\\nz\"\n"},
      {R"({"a":"é\u0007\u2028\"\\/😀\ufeff\u007f"})",
       "\"a\": \"é\\a\\L\\\"\\\\/\\U0001F600\\uFEFF\\x7F\"\n"},
      {R"(["a\nb",["c\nd"]])", "- |-\n  a\n  b\n- - |-\n    c\n    d\n"},
      {R"([{"a":1,"b":2},{"c":[1]}])", "- \"a\": 1\n  \"b\": 2\n- \"c\":\n  - 1\n"},
      {"[[[]],[[[1]]]]", "- - []\n- - - - 1\n"},
      {R"({"a\nb":[1,2]})", "? |-\n  a\n  b\n: - 1\n  - 2\n"},
      {R"([{"a\nb":{"c":1}}])", "- ? |-\n    a\n    b\n  : \"c\": 1\n"},
      {"{\"a\":\"" + words + "\"}",
       "\"a\": \"word word word word word word word word word word word word word word word "
       "word\n  word word\"\n"},
  };
  for (const YamlCase& c : cases) {
    SCOPED_TRACE(c.json);
    Call call;
    const Outcome text = call.outcome("yamlencode", {*read_json(c.json)});
    EXPECT_EQ(std::get<Value>(text).as_string(), c.expected);
  }
}

std::string yaml(const std::string& text) {
  const Result<Value> v = read_yaml(text);
  return v ? *value::to_json(*v) : v.error().message;
}

TEST(YamlDecode, ReadsScalarsOfYaml11) {
  EXPECT_EQ(yaml("a: yes\nb: [no, on, off, y, n, True, tRue]"),
            R"({"a":true,"b":[false,true,false,true,false,true,"tRue"]})");
  EXPECT_EQ(yaml("[~, null, NULL, '', \"~\", 'yes']"), R"([null,null,null,"","~","yes"])");
  EXPECT_EQ(yaml("[0x1F, 012, 1.5, 1e3, .5, 5., +1, 08, 1e, 1_0, 0b1, 0x1g]"),
            R"([31,12,1.5,1000,0.5,5,1,8,"1e",10,"0b1","0x1g"])");
  EXPECT_EQ(yaml("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(yaml("[2020-01-02, 2020-1-2, 2020-01-02 03:04:05, '2020-01-02', 2020-02-30]"),
            R"(["2020-01-02T00:00:00Z","2020-01-02T00:00:00Z","2020-01-02T03:04:05Z",)"
            R"("2020-01-02","2020-02-30"])");
  EXPECT_EQ(yaml("[2020-01-02T03:04:05+01:00, 2001-12-14t21:59:43.10-05:00]"),
            R"(["2020-01-02T03:04:05+01:00","2001-12-14T21:59:43-05:00"])");
  EXPECT_EQ(yaml("[!!str 1, !!int \"1\", !!float 1, !!null x, !!null \"n\", !!bool \"yes\"]"),
            R"(["1","1",1,null,"n","yes"])");
  EXPECT_EQ(yaml("[!!int 1.5, !!int 0x1_F, !!bool 5, !!int yes, !!float 1_0.5, !!binary aGk=]"),
            R"([1.5,31,5,true,10.5,"aGk="])");
  EXPECT_EQ(yaml("a: |-\n  1.50\nb: >-\n  yes\nc: |-\n  ~\nd: |\n  5\n"),
            R"({"a":"1.5","b":"true","c":null,"d":"5\n"})");
  EXPECT_EQ(yaml("[+, -0o17, 0x, 00x1, 07_0, _1, 1__0, 1_0.5]"),
            R"(["+",-15,"0x","00x1",70,"_1",10,"1_0.5"])");
  EXPECT_EQ(yaml("a: |\n  x\n  y\nb: >\n  x\n  y\n"), R"({"a":"x\ny\n","b":"x y\n"})");
  EXPECT_EQ(yaml("---"), "null");
}

TEST(YamlDecode, ReadsMappingsAndAliases) {
  EXPECT_EQ(yaml("yes: 1\n1: 2\n1.5: 4\na: 5\na: 6"), R"({"1":2,"1.5":4,"a":6,"true":1})");
  EXPECT_EQ(yaml("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\nc: *x"),
            R"({"a":{"p":1,"q":2},"b":{"p":1,"q":3},"c":{"p":1,"q":2}})");
  EXPECT_EQ(yaml("a: &x {p: 1, q: 1}\nb: {p: 2, <<: *x, q: 3}"),
            R"({"a":{"p":1,"q":1},"b":{"p":1,"q":3}})");
  EXPECT_EQ(yaml("a: &x {p: 1}\nb: &x {p: 2}\nc: *x\n\"<<\": <<"),
            R"({"\u003c\u003c":"\u003c\u003c","a":{"p":1},"b":{"p":2},"c":{"p":2}})");
}

TEST(YamlDecode, SaysWhatIsWrong) {
  EXPECT_EQ(yaml(""), "on line 1, column 1: missing start of document");
  EXPECT_EQ(yaml("# c"), "on line 1, column 1: missing start of document");
  EXPECT_EQ(yaml("---\na: 1\n---\nb: 2"),
            "on line 3, column 1: unexpected extra content after value");
  EXPECT_EQ(yaml("~: 3"), "on line 1, column 1: mapping key cannot be null");
  EXPECT_EQ(yaml("? [a]\n: b"), "on line 1, column 3: only strings are allowed as mapping keys");
  EXPECT_EQ(yaml("<<: 1"), "on line 1, column 1: cannot merge number into mapping");
  EXPECT_EQ(yaml("c:\n  <<: [{a: 1}]"), "on line 2, column 3: cannot merge tuple into mapping");
  EXPECT_EQ(yaml("&k a: 1\nb: *k"), "on line 2, column 4: reference to undefined anchor \"k\"");
  EXPECT_EQ(yaml("! 5"), "on line 1, column 1: unsupported tag \"!\"");
  EXPECT_EQ(yaml("!!binary +"),
            "on line 1, column 1: cannot parse \"+\" as tag:yaml.org,2002:binary: not valid base64");
  EXPECT_EQ(yaml("!foo x"), "on line 1, column 1: unsupported tag \"!foo\"");
  EXPECT_EQ(yaml("!foo {a: 1}"), "on line 1, column 1: can't interpret mapping as !foo");
  EXPECT_EQ(yaml("!!int x"), "on line 1, column 1: cannot parse \"x\" as tag:yaml.org,2002:int");
  EXPECT_EQ(yaml(".nan"), "on line 1, column 1: floating point NaN is not supported");
  EXPECT_EQ(yaml("&a [*a]"),
            "on line 1, column 5: cannot refer to anchor \"a\" from inside its own definition");
  EXPECT_FALSE(read_yaml("[1"));
  EXPECT_FALSE(read_yaml("a: b: c"));
  EXPECT_FALSE(read_yaml("a: *x"));
  EXPECT_FALSE(read_yaml("\xff"));
}

TEST(YamlDecode, BillionLaughsFailQuickly) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    text += name + ": &" + name + " [" + alias;
    for (int k = 0; k < 9; ++k) text += ", " + alias;
    text += "]\n";
  }
  EXPECT_EQ(yaml(text), "on line 5, column 45: aliases stand for more than 100000 values");
}

TEST(YamlDecode, LimitsDepth) {
  EXPECT_FALSE(read_yaml(std::string(100'000, '[')));
  EXPECT_FALSE(read_yaml(std::string(200, '[') + std::string(200, ']')));
  EXPECT_TRUE(read_yaml(std::string(100, '[') + std::string(100, ']')));
}

}  // namespace
}  // namespace farm::functions
