#include "ops/farmctl/common/flags.h"

#include <gtest/gtest.h>

#include "ops/farmctl/common/diagnostic_printer.h"
#include "ops/farmctl/format/hcl_format.h"

namespace farm::farmctl {
namespace {

const std::vector<Flag>& table() {
  static const std::vector<Flag> flags = with_template_flags(
      {{"force", FlagKind::Switch, ""}, {"color", FlagKind::Setting, ""},
       {"parallel-builds", FlagKind::Number, ""}});
  return flags;
}

TEST(Flags, TakeOneOrTwoDashesAndBothWaysOfValues) {
  const Result<ParsedFlags> parsed = parse_flags(
      table(), {"-var", "a=1", "--var=b=2", "-only=x,y", "-only", "z", "-force", "-color=false",
                "-parallel-builds=3", "t.pkr.hcl", "-var"});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->list("var"), (std::vector<std::string>{"a=1", "b=2"}));
  EXPECT_EQ(parsed->comma_list("only"), (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_TRUE(parsed->on("force"));
  EXPECT_FALSE(parsed->setting("color"));
  EXPECT_EQ(parsed->number("parallel-builds"), 3);
  // Parsing stops at the first word that is no flag.
  EXPECT_EQ(parsed->arguments(), (std::vector<std::string>{"t.pkr.hcl", "-var"}));
}

TEST(Flags, SayWhatIsWrong) {
  struct Case {
    std::vector<std::string> arguments;
    const char* message;
  };
  for (const Case& c :
       {Case{{"-forse"}, "flag provided but not defined: -forse. Did you mean -force?"},
        Case{{"-var"}, "flag needs an argument: -var"},
        Case{{"-force=maybe"}, "invalid boolean value \"maybe\" for -force"},
        Case{{"-parallel-builds=x"},
             "invalid value \"x\" for flag -parallel-builds: not a whole number"}}) {
    const Result<ParsedFlags> parsed = parse_flags(table(), c.arguments);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().message, c.message);
  }
}

TEST(DiagnosticPrinter, ShowsPlaceLineAndCaret) {
  templates::SourceTexts texts;
  texts.add("a.pkr.hcl", "source \"qemu\" \"base\" {\n\n\tmemroy = 4096\n}\n");
  Diagnostics found;
  found.error("Unsupported argument", "Not expected here.",
              SourceRange{"a.pkr.hcl", {24, 3, 2}, {30, 3, 8}}, "Did you mean \"memory\"?");
  EXPECT_EQ(draw_diagnostics(found, texts, DiagnosticForm::Plain),
            "Error: Unsupported argument\n\n"
            "  on a.pkr.hcl line 3, in source \"qemu\" \"base\":\n"
            "  3: \tmemroy = 4096\n"
            "     \t^^^^^^\n\n"
            "Not expected here.\nhint: Did you mean \"memory\"?\n\n\n");
  EXPECT_EQ(draw_diagnostics(found, texts, DiagnosticForm::Drawn),
            "error[F0203]: Unsupported argument\n"
            " --> a.pkr.hcl:3:2 in source \"qemu\" \"base\"\n"
            "  |\n"
            "3 | \tmemroy = 4096\n"
            "  | \t^^^^^^\n"
            "  = Not expected here.\n"
            "  = hint: Did you mean \"memory\"?\n\n");
}

TEST(HclFormat, PutsTextIntoCanonicalForm) {
  struct Case {
    const char* name;
    const char* text;
    const char* expected;
  };
  for (const Case& c : {
           Case{"alignment", "a=1\nlong  =  2 # x\nb = [ 1,2 ]# y\n",
                "a    = 1\nlong = 2      # x\nb    = [1, 2] # y\n"},
           Case{"indentation", "build {\nsources=[\n\"a\",\n]\n  provisioner \"x\" {\n}\n}\n",
                "build {\n  sources = [\n    \"a\",\n  ]\n  provisioner \"x\" {\n  }\n}\n"},
           Case{"operators", "a = -1+f( x )*- 2\nb = !c?d [0]:{x=1}\n",
                "a = -1 + f(x) * -2\nb = !c ? d[0] : { x = 1 }\n"},
           Case{"heredoc", "a = <<EOT\n   keep   this\nEOT\nbb = 2\n",
                "a  = <<EOT\n   keep   this\nEOT\nbb = 2\n"},
           Case{"strings", "a = \"x   ${ f( 1 ) }\"\n", "a = \"x   ${f(1)}\"\n"},
           Case{"blank lines", "a = 1\n\n\nbbb = 2\n", "a = 1\n\n\nbbb = 2\n"},
       }) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(format_hcl(c.text), c.expected);
    EXPECT_EQ(format_hcl(c.expected), c.expected);
  }
}

}  // namespace
}  // namespace farm::farmctl
