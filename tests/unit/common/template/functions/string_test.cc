#include "call.h"

#include <gtest/gtest.h>

namespace farm::functions {
namespace {

using value::Number;
using value::Value;

TEST(FormatFunction, PrintsVerbs) {
  expect_calls({
      {"format", R"(["%d|%05d|%-5d|%+d|% d",42,42,42,42,42])", R"("42|00042|42   |+42| 42")"},
      {"format", R"(["%+05d|% 05d|%05d|%-05d|",42,42,-42,42])", R"("+0042| 0042|-0042|42   |")"},
      {"format", R"(["%+.3d|%8.3d|%-8.3d|%08.3d|",42,42,42,42])",
       R"("+042|     042|042     |     042|")"},
      {"format", R"(["%x %X %o %b %x",255,255,8,5,-255])", R"("ff FF 10 101 -ff")"},
      {"format", R"(["%#x %#o %#b %#X %+x % x",255,8,5,255,255,255])",
       R"("0xff 010 0b101 0XFF +ff  ff")"},
      {"format", R"(["%8.3f|%-8.2f|%08.2f",3.14159,2.5,2.5])", R"("   3.142|2.50    |00002.50")"},
      {"format", R"(["%e %E %g %G",12345.678,12345.678,1e21,1e-7])",
       R"("1.234568e+04 1.234568E+04 1e+21 1E-07")"},
      {"format", R"(["%.10g|%12.4e|%+.2f|% .2f|%+g",1000000,12345.678,2.5,2.5,3])",
       R"("1000000|  1.2346e+04|+2.50| 2.50|+3")"},
      {"format", R"(["%.0f %.0f %.1f %1.f",2.5,3.5,0.25,2.5])", R"("2 4 0.2 2")"},
      {"format", R"(["%.3g|%.3v|%.3d",3.14159,3.14159,1])", R"("3.14|3.14159|001")"},
      {"format", R"(["%v %v %v",1000000,123456789,1.5])", R"("1e+06 1.23456789e+08 1.5")"},
      {"format", R"(["%v %v %v %v","a",true,null,[1,"a"]])", R"("a true null [1,\"a\"]")"},
      {"format", R"(["%#v %#v %#v %#5v|","a",null,{"a":1},1])", R"("\"a\" null {\"a\":1}     1|")"},
      {"format", R"(["%5v|%-5v|%5v|%5v|%5v|%05v","a","b",true,[1],null,7])",
       R"("    a|b    | true|  [1]| null|00007")"},
      {"format", R"(["%10s|%-10s|%.2s|%5.1s|%010s|%-05s|","abc","abc","abc","abc","abc","ab"])",
       R"("       abc|abc       |ab|    a|0000000abc|ab000|")"},
      {"format", R"(["%.1s|%3s|","éa","é"])", R"("é|  é|")"},
      {"format", R"(["%q %5.2q|","a\"b","abcd"])", R"("\"a\\\"b\"  \"ab\"|")"},
      {"format", R"(["%t %5t|","true",false])", R"("true false|")"},
      {"format", R"(["%s %s %d",1,true,"12"])", R"("1 true 12")"},
      {"format", R"(["100%%"])", R"("100%")"},
      {"format", R"(["%[2]s %[1]s","a","b"])", R"("b a")"},
      {"format", R"(["%[1]d %[1]d %-5[2]s|",1,"b"])", R"("1 1 b    |")"},
      {"format", R"(["%d",123456789012345678901234567890])", R"("123456789012345678901234567890")"},
  });
}

TEST(FormatFunction, SaysWhatIsWrong) {
  expect_calls({
      {"format", R"(["%d",1.5])",
       "error: unsupported value for \"%d\" at 0: an integer is required"},
      {"format", R"(["%d","x"])", "error: unsupported value for \"%d\" at 0: a number is required"},
      {"format", R"(["é%z",1])", "error: unsupported format verb 'z' in \"%z\" at offset 2"},
      {"format", R"(["%",1])", "error: invalid format string starting at offset 1"},
      {"format", R"(["%[1","a"])", "error: invalid format string starting at offset 3"},
      {"format", R"(["%d"])",
       "error: not enough arguments for \"%d\" at 0: need index 1 but have 0 total"},
      {"format", R"(["%[2]d",1])",
       "error: not enough arguments for \"%[2]d\" at 0: need index 2 but have 1 total"},
      {"format", R"(["a",1])", "error in args: too many arguments; no verbs in format string"},
      {"format", R"(["%d",1,2])",
       "error in args: too many arguments; only 1 used by format string"},
      {"format", R"(["%[0]s","a"])", "error: unrecognized format character '0' at offset 2"},
      {"format", R"(["%*d",5,1])", "error: unrecognized format character '*' at offset 1"},
      {"format", R"(["%[1]5d",1])", "error: unrecognized format character '5' at offset 4"},
      {"format", R"(["%s",null])",
       "error: unsupported value for \"%s\" at 0: null value cannot be formatted"},
      {"format", R"(["%s",[1]])", "error: unsupported value for \"%s\" at 0: string required"},
      {"format", R"(["%t",1])", "error: unsupported value for \"%t\" at 0: bool required"},
      {"format", R"([null])", "error in format: argument must not be null"},
      {"format", R"(["%999999999999d",1])", "error: width or precision over 100000 at offset 0"},
  });
}

TEST(FormatFunction, PrintsInfinity) {
  Call call;
  const Outcome text = call.outcome(
      "format", {Value::string("%f %6v %5g|"), Value::number(Number::infinity()),
                 Value::number(Number::infinity(true)), Value::number(Number::infinity())});
  EXPECT_EQ(outcome_text("format", text), "\"+Inf   -Inf  +Inf|\"");
}

TEST(FormatListFunction, GoesThroughListsInStep) {
  expect_calls({
      {"formatlist", R"(["%s-%s",["a","b"],"x"])", R"(["a-x","b-x"])"},
      {"formatlist", R"(["%s%d",["a","b"],[1,2]])", R"(["a1","b2"])"},
      {"formatlist", R"(["%s",[]])", "[]"},
      {"formatlist", R"(["x"])", R"(["x"])"},
      {"formatlist", R"(["%v",{"a":1}])", R"(["{\"a\":1}"])"},
      {"formatlist", R"(["%s"])",
       "error: not enough arguments for \"%s\" at 0: need index 1 but have 0 total"},
      {"formatlist", R"(["%s-%s",["a","b"],["x"]])",
       "error in args: argument 2 has length 1, which is inconsistent with argument 1 of length 2"},
      {"formatlist", R"(["%s-%s",["a",["b"]],"x"])",
       "error: error on format iteration 1: unsupported value for \"%s\" at 0: string required"},
      {"formatlist", R"(["%s",null])",
       "error: error on format iteration 0: unsupported value for \"%s\" at 0: null value cannot "
       "be formatted"},
  });
}

TEST(StringFunctions, GiveWhatPackerGives) {
  expect_calls({
      {"chomp", R"(["a\r\n\n\r"])", R"("a")"},
      {"chomp", R"(["\n"])", R"("")"},
      {"chomp", R"([null])", "error in str: argument must not be null"},
      {"indent", R"([2,"a\nb\n\nc"])", R"("a\n  b\n  \n  c")"},
      {"indent", R"([0,"a\nb"])", R"("a\nb")"},
      {"indent", R"([-1,"a"])", "error in spaces: the number of spaces must not be negative"},
      {"indent", R"([1e9,"a"])", "error in spaces: the number of spaces must be at most 10000"},
      {"join", R"([",",["a","b"],[1]])", R"("a,b,1")"},
      {"join", R"([",",[],["b"]])", R"("b")"},
      {"join", R"([",",["a",null]])",
       "error in lists: element 1 is null; cannot concatenate null values"},
      {"join", R"([",",["a"],["b",null]])",
       "error in lists: element 1 of list 2 is null; cannot concatenate null values"},
      {"join", R"([","])", "error: at least one list is required"},
      {"lower", R"(["İÀ Ab"])", R"("ià ab")"},
      {"lower", R"([1])", R"("1")"},
      {"lower", R"([[]])", "error in str: string required"},
      {"upper", R"(["straße ǆ"])", R"("STRAßE Ǆ")"},
      {"upper", R"([""])", R"("")"},
      {"upper", R"([null])", "error in str: argument must not be null"},
      {"title", R"(["hello wOrld it's a-b_c 1st"])", R"("Hello WOrld It'S A-B_c 1st")"},
      {"title", R"(["ǆ"])", R"("ǅ")"},
      {"title", R"([null])", "error in str: argument must not be null"},
      {"replace", R"(["hello","l","L"])", R"("heLLo")"},
      {"replace", R"(["ab","","-"])", R"("-a-b-")"},
      {"replace", R"(["a/b","/b/","x"])", R"("a/b")"},
      {"replace", R"([null,"a","b"])", "error in str: argument must not be null"},
      {"split", R"([",","a,b,"])", R"(["a","b",""])"},
      {"split", R"([",",""])", R"([""])"},
      {"split", R"(["","abć"])", R"(["a","b","ć"])"},
      {"split", R"(["",""])", "[]"},
      {"split", R"([null,"a"])", "error in separator: argument must not be null"},
      {"strrev", R"(["abćd"])", R"("dćba")"},
      {"strrev", R"(["🇩🇪x"])", R"("x🇩🇪")"},
      {"strrev", R"([null])", "error in str: argument must not be null"},
      {"substr", R"(["hello",1,3])", R"("ell")"},
      {"substr", R"(["hello",-3,2])", R"("ll")"},
      {"substr", R"(["hello",-9,2])", R"("he")"},
      {"substr", R"(["hello",9,2])", R"("")"},
      {"substr", R"(["hello",1,-1])", R"("ello")"},
      {"substr", R"(["🇩🇪é",1,9])", R"("é")"},
      {"substr", R"(["hello",1.5,1])",
       "error: value must be a whole number, between -9223372036854775808 and "
       "9223372036854775807"},
      {"trim", R"(["xyaxy","xy"])", R"("a")"},
      {"trim", R"(["  ab",""])", R"("  ab")"},
      {"trim", R"(["éaé","é"])", R"("a")"},
      {"trim", R"(["xx","x"])", R"("")"},
      {"trimprefix", R"(["helloworld","hello"])", R"("world")"},
      {"trimprefix", R"(["helloworld","x"])", R"("helloworld")"},
      {"trimprefix", R"(["a",null])", "error in prefix: argument must not be null"},
      {"trimsuffix", R"(["helloworld","world"])", R"("hello")"},
      {"trimsuffix", R"(["a",""])", R"("a")"},
      {"trimsuffix", R"(["a",null])", "error in suffix: argument must not be null"},
      {"trimspace", R"([" \n\tx y\u00a0\u3000"])", R"("x y")"},
      {"trimspace", R"([" "])", R"("")"},
      {"trimspace", R"([null])", "error in str: argument must not be null"},
      {"startswith", R"(["abc","ab"])", "true"},
      {"startswith", R"(["abc","bc"])", "false"},
      {"startswith", R"(["abc",""])", "true"},
      {"endswith", R"(["abc","bc"])", "true"},
      {"endswith", R"(["c","abc"])", "false"},
      {"endswith", R"([null,"c"])", "error in str: argument must not be null"},
      {"strcontains", R"(["abc","b"])", "true"},
      {"strcontains", R"(["abc","ac"])", "false"},
      {"strcontains", R"(["abc",null])", "error in substr: argument must not be null"},
  });
}

TEST(RegexFunctions, GiveMatchesInTheShapeOfTheGroups) {
  expect_calls({
      {"regex", R"re(["b+","abbc"])re", R"("bb")"},
      {"regex", R"re(["a(b)?(c)?","ab"])re", R"(["b",null])"},
      {"regex", R"re(["(?P<x>a)(?P<y>z)?","ab"])re", R"({"x":"a","y":null})"},
      {"regex", R"re(["(?<n>a)[(?<]?\\(?","ab"])re", R"({"n":"a"})"},
      {"regex", R"re(["(?P<x>a)(b)","ab"])re",
       "error in pattern: invalid regexp pattern: cannot mix both named and unnamed capture "
       "groups"},
      {"regex", R"re(["z","ab"])re", "error: pattern did not match any part of the given string"},
      {"regex", R"re(["(","ab"])re",
       "error in pattern: invalid regexp pattern: missing closing ) in ("},
      {"regex", R"re(["[z-a]","ab"])re",
       "error in pattern: invalid regexp pattern: invalid character class range in z-a"},
      {"regex", R"re(["a{1001}","ab"])re",
       "error in pattern: invalid regexp pattern: invalid repeat count in {1001}"},
      {"regex", R"re(["(?=a)","ab"])re",
       "error in pattern: invalid regexp pattern: invalid or unsupported Perl syntax in (?="},
      {"regexall", R"re(["a(b)?","ab a"])re", R"([["b"],[null]])"},
      {"regexall", R"re(["[a-z]","a1b"])re", R"(["a","b"])"},
      {"regexall", R"re(["[a-z]*","ab1c"])re", R"(["ab","c"])"},
      {"regexall", R"re(["z","ab"])re", "[]"},
      {"regexall", R"re(["(?P<x>[a-z])(?P<y>[0-9])?","a1b"])re",
       R"re([{"x":"a","y":"1"},{"x":"b","y":null}])re"},
      {"regexall", R"re(["*","ab"])re",
       "error in pattern: invalid regexp pattern: missing argument to repetition operator in *"},
      {"regex_replace", R"re(["hello world","(\\w+) (\\w+)","$2 ${1}x $1x $$ $z $"])re",
       R"("world hellox  $  $")"},
      {"regex_replace", R"re(["abc","","-"])re", R"("-a-b-c-")"},
      {"regex_replace", R"re(["baaac","a*","-"])re", R"("-b-c-")"},
      {"regex_replace", R"re(["ab","(?P<l>b)","<${l}>"])re", R"("a\u003cb\u003e")"},
      {"regex_replace", R"re(["a","(","-"])re",
       "error: error parsing regexp: missing closing ): `(`"},
  });
}

TEST(RegexFunctions, RefuseHugePrograms) {
  expect_calls({{"regex", R"re(["((a{100}){100}){100}","a"])re",
                 "error in pattern: invalid regexp pattern: invalid repeat count in {100}"}});
}

}  // namespace
}  // namespace farm::functions
