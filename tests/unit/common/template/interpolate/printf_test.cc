#include <gtest/gtest.h>

#include "tests/unit/common/template/interpolate/engine_context.h"

namespace farm::interpolate {
namespace {

// Expected texts were read off Go's fmt through Packer's console.
TEST(Printf, FormatsAsGoDoes) {
  EngineWorld world;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({{ printf "%d %s %v %q" 1 2 "x" "y" }})", R"(1 %!s(int=2) x "y")"},
      {R"({{ printf "%g %e %f %.2f|%6.2f|%-8s|%08.3f|%+d" 1234567.0 1.5 1.5 1.555 2.5 "ab" 3.14159 5 }})",
       "1.234567e+06 1.500000e+00 1.500000 1.55|  2.50|ab      |0003.142|+5"},
      {R"({{ printf "%x|%X|%o|%b|%c|%U|%q|%t|%T|%5t" 255 255 8 5 65 65 65 true 1.5 true }})",
       "ff|FF|10|101|A|U+0041|'A'|true|float64| true"},
      {R"({{ printf "%x %X % x %#x %q %+q %#q %s" "hi" "hi" "hi" "hi" "a\nü" "ü" "abc" true }})",
       "6869 6869 68 69 0x6869 \"a\\nü\" \"\\u00fc\" `abc` %!s(bool=true)"},
      {R"({{ printf "%d" }})", "%!d(MISSING)"},
      {R"({{ printf "x" 1 "a" }})", "x%!(EXTRA int=1, string=a)"},
      {R"({{ printf "%z" 1 }})", "%!z(int=1)"},
      {R"({{ printf "100%" }})", "100%!(NOVERB)"},
      {R"({{ printf "%[2]d %[1]d" 1 2 }})", "2 1"},
      {R"({{ printf "%[3]d" 1 2 }})", "%!d(BADINDEX)"},
      {R"({{ printf "%*d|%-*d|" 5 1 3 2 }})", "    1|2  |"},
      {R"({{ printf "%v %v" nil true }})", "<nil> true"},
      {R"({{ printf "%s" .Missing }})", "%!s(<nil>)"},
      {R"({{ printf "%6.2v|%v|%+v|%#v|%#v" 3.14159 "x" "y" "z" 5 }})", "   3.1|x|y|\"z\"|5"},
      {R"({{printf "%05d|%-5d|%5d|% d|%#x|%#o" 42 42 42 42 42 42}})",
       "00042|42   |   42| 42|0x2a|052"},
      {R"({{printf "%.3s|%.10q|%5q" "abcdef" "ab" "x"}})", "abc|\"ab\"|  \"x\""},
      {R"({{ printf "%%" }})", "%"},
      {R"({{ printf "%2000d" 1 }})", "%!(BADWIDTH)1"},
      {R"({{ print 1 2 "a" "b" 3 4 }})", "1 2ab3 4"},
      {R"({{ println 1 "a" }})", "1 a\n"},
  };
  for (const auto& [text, expected] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(world.render(text), expected);
  }
}

}  // namespace
}  // namespace farm::interpolate
