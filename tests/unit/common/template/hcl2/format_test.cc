#include "common/template/hcl2/format.h"

#include <gtest/gtest.h>

namespace farm::hcl2 {
namespace {

// Expected texts are those of packer fmt 1.6.6 (but for the space it puts after `!`).
TEST(Format, PrintsCanonicalForm) {
  struct Case {
    const char* name;
    const char* text;
    const char* expected;
  };
  const std::vector<Case> cases = {
      {"spaces", "a=[1,2]\nb={x=1}\nc=f ( a [ 0 ] . b ,d )\ne=- 1+ -y*!z\nf=a?b:c\n",
       "a = [1, 2]\nb = { x = 1 }\nc = f(a[0].b, d)\ne = -1 + -y * !z\nf = a ? b : c\n"},
      {"alignment", "b{\na=1\nbcd=2 # x\ne=3 # y\n\nlonger=1\n}\n",
       "b {\n  a   = 1\n  bcd = 2 # x\n  e   = 3 # y\n\n  longer = 1\n}\n"},
      {"quoted keys", "a={\n\"foo\"=1\n(xx)=2\ne=3}\n",
       "a = {\n  \"foo\" = 1\n  (xx)  = 2\ne = 3 }\n"},
      {"comments", "b {\nccc=[ # open\n1, # one\n22, # two\n]\n}\n",
       "b {\n  ccc = [ # open\n    1,    # one\n    22,   # two\n  ]\n}\n"},
      {"heredoc", "a=<<-EOT\n   keep   ${ x }\n  EOT\nlonger=1\n",
       "a      = <<-EOT\n   keep   ${x}\n  EOT\nlonger = 1\n"},
      {"templates", "y = \"${a}${ b ~}  %{if x}a%{ else  }b%{endif}\"\n",
       "y = \"${a}${b~}  %{if x}a%{else}b%{endif}\"\n"},
      {"several brackets on a line", "n = f([{\na=1\n}])\n", "n = f([{\n  a = 1\n}])\n"},
      {"for", "z = {for k,v in x:\"${k}\"=>v... if true}\n",
       "z = { for k, v in x : \"${k}\" => v... if true }\n"},
      {"splats", "v = a . * . b\nw=a[ * ].c\n", "v = a.*.b\nw = a[*].c\n"},
      {"empty", "a {}\nb { }\nc=[ ]\n", "a {}\nb {}\nc = []\n"},
      {"syntax error stays", "a=[1\n", "a=[1\n"},
      {"line ends stay", "a=1\r\nbb=2", "a  = 1\r\nbb = 2"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(format_source(c.text), c.expected);
    EXPECT_EQ(format_source(c.expected), c.expected);
  }
}

}  // namespace
}  // namespace farm::hcl2
