#include "common/template/hcl2/format.h"

#include <fstream>

#include <gtest/gtest.h>

#include "common/template/hcl2/lexer.h"

namespace farm::hcl2 {
namespace {

struct FormatCase {
  std::string ugly;
  std::string canonical;
  int line = 0;
};

// format_cases.txt: after "==== ugly" a text, after "==== canonical" what it becomes.
std::vector<FormatCase> format_cases() {
  std::ifstream file(FARM_SOURCE_DIR "/tests/unit/common/template/hcl2/format_cases.txt");
  std::vector<FormatCase> cases;
  std::string* into = nullptr;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line == "==== ugly") {
      cases.push_back({"", "", number});
      into = &cases.back().ugly;
    } else if (line == "==== canonical") {
      into = &cases.back().canonical;
    } else {
      *into += line + "\n";
    }
  }
  return cases;
}

// All that has a meaning: the tokens, blank lines and spaces left out.
std::string meaning(const std::string& text) {
  std::string all;
  for (const Token& token : lex(text, LexMode::Expression)) {
    const bool newline = token.kind == TokenKind::Newline;
    if (newline && (all.empty() || all.back() == '\n')) continue;
    std::string_view piece = token.text;
    if (token.kind == TokenKind::CloseHeredoc || token.kind == TokenKind::Comment) {
      piece.remove_prefix(std::min(piece.find_first_not_of(" \t"), piece.size()));
    }
    all.append(newline ? "\n" : piece);
    if (!newline) all += '\x01';
  }
  return all;
}

// Expected texts are those of packer fmt.
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
      // packer fmt joins these two and makes another number of them; a formatter must not.
      {"an index of a number", "a=1 .5e3\nb=x .5\n", "a = 1 .5e3\nb = x.5\n"},
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

TEST(Format, KeepsMeaningAndIsIdempotent) {
  const std::vector<FormatCase> cases = format_cases();
  EXPECT_GT(cases.size(), 100U);
  for (const FormatCase& c : cases) {
    SCOPED_TRACE("format_cases.txt:" + std::to_string(c.line));
    EXPECT_EQ(format_source(c.ugly), c.canonical);
    EXPECT_EQ(format_source(c.canonical), c.canonical);
    EXPECT_EQ(meaning(c.ugly), meaning(c.canonical));
  }
}

}  // namespace
}  // namespace farm::hcl2
