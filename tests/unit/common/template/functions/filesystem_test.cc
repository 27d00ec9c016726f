#include "call.h"

#include "common/template/functions/glob.h"
#include "common/template/functions/local_outside.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace farm::functions {
namespace {

using value::Value;

TEST(PathFunctions, GiveWhatPackerGives) {
  expect_calls({
      {"abspath", R"(["a/../b"])", R"("/srv/cwd/b")"},
      {"abspath", R"(["/a//b/."])", R"("/a/b")"},
      {"abspath", "[null]", "error in path: argument must not be null"},
      {"basename", R"(["a/b/"])", R"("b")"},
      {"basename", R"([""])", R"(".")"},
      {"basename", R"(["/"])", R"("/")"},
      {"dirname", R"(["a/b/"])", R"("a/b")"},
      {"dirname", R"(["a"])", R"(".")"},
      {"dirname", R"([""])", R"(".")"},
      {"dirname", R"(["/a"])", R"("/")"},
      {"dirname", R"(["a//b/../c"])", R"("a")"},
      {"pathexpand", R"(["~/x"])", R"("/home/ann/x")"},
      {"pathexpand", R"(["x/~"])", R"("x/~")"},
      {"pathexpand", R"(["~root/x"])", "error: cannot expand user-specific home dir"},
  });
}

TEST(FileFunctions, ReadThroughOutside) {
  Call call;
  call.world.files = {{"top/a.txt", "text"},       {"top/bin", "\xff"}, {"b.txt", "cwd"},
                      {"/home/ann/key", "secret"}, {"top/d/c.txt", ""}, {"top/d/e/f.txt", ""}};
  call.context.root = "top";
  EXPECT_EQ(call.text("file", R"(["./a.txt"])"), R"("text")");
  EXPECT_EQ(call.text("file", R"(["~/key"])"), R"("secret")");
  EXPECT_EQ(call.text("file", R"(["b.txt"])"), "error: no file exists at top/b.txt");
  EXPECT_EQ(call.text("file", R"(["bin"])"),
            "error: contents of top/bin are not valid UTF-8; use the filebase64 function to "
            "obtain the Base64 encoded contents");
  EXPECT_EQ(call.text("filebase64", R"(["b.txt"])"), R"("Y3dk")");
  EXPECT_EQ(call.text("filebase64", R"(["top/bin"])"), R"("/w==")");
  EXPECT_EQ(call.text("filebase64", R"(["folder"])"), "error: failed to read folder");
  EXPECT_EQ(call.text("fileexists", R"(["a.txt"])"), "true");
  EXPECT_EQ(call.text("fileexists", R"(["b.txt"])"), "false");
  EXPECT_EQ(call.text("fileexists", R"(["../folder"])"),
            "error: folder is not a regular file, but \"drwxr-xr-x\"");
  EXPECT_EQ(call.text("fileset", R"([".","*.txt"])"), R"(["a.txt"])");
  EXPECT_EQ(call.text("fileset", R"(["d","**/*.txt"])"), R"(["c.txt","e/f.txt"])");
  EXPECT_EQ(call.text("fileset", R"(["nothing","*"])"), "[]");
  EXPECT_EQ(call.text("fileset", R"([".","["])"),
            "error: failed to glob pattern ([): syntax error in pattern");
  EXPECT_EQ(call.text("fileset", R"(["d","../*"])"),
            "error: failed to glob pattern (../*): it leads out of the directory");
}

TEST(TemplateFile, RendersWithItsVariables) {
  Call call;
  call.world.files = {{"top/t.tpl", "hello ${name}"}};
  call.context.root = "top";
  EXPECT_EQ(call.text("templatefile", R"(["t.tpl",{"name":"x"}])"),
            "error: templatefile() cannot be called from inside a templatefile call");
  call.context.render_template = [](const std::string& source, const std::string& name,
                                    const Value::Map& variables) -> Result<Value> {
    return Value::string(source + "|" + name + "|" + variables.begin()->second.as_string());
  };
  EXPECT_EQ(call.text("templatefile", R"(["t.tpl",{"name":"x"}])"), R"("hello ${name}|t.tpl|x")");
  EXPECT_EQ(call.text("templatefile", R"(["none",{}])"),
            "error in path: no file exists at top/none");
  EXPECT_EQ(call.text("templatefile", R"(["t.tpl",[]])"),
            "error in vars: invalid vars value: must be a map");
  EXPECT_EQ(call.text("templatefile", R"(["t.tpl",{"1x":1}])"),
            "error in vars: invalid template variable name \"1x\": must start with a letter, "
            "followed by zero or more letters, digits, and underscores");
}

TEST(ExternalFunctions, AskOutside) {
  Call call;
  call.world.variables = {{"A", "b"}};
  EXPECT_EQ(call.text("env", R"(["A"])"),
            "error: env() may only be called in the default of a variable");
  call.context.env_allowed = true;
  EXPECT_EQ(call.text("env", R"(["A"])"), R"("b")");
  EXPECT_EQ(call.text("env", R"(["none"])"), R"("")");
  EXPECT_EQ(call.text("vault", R"(["p","k"])"), R"("secret of vault p k")");
  EXPECT_EQ(call.text("vault", R"(["p",null])"), "error in key: argument must not be null");
  EXPECT_EQ(call.text("aws_secretsmanager", R"(["n","k"])"),
            R"("secret of aws_secretsmanager n k")");
  EXPECT_EQ(call.text("aws_secretsmanager_raw", R"(["n"])"),
            R"("secret of aws_secretsmanager_raw n")");
  // Where nobody may be asked now, the value is not known yet.
  EXPECT_EQ(call.text("consul_key", R"(["k"])"), "unknown");
  EXPECT_EQ(call.world.asked_secrets.size(), 4U);
}

TEST(Glob, MatchesLikeDoublestar) {
  struct GlobCase {
    std::string pattern;
    std::string path;
    bool matches;
  };
  const std::vector<GlobCase> cases = {
      {"*", "a", true},
      {"*", "a/b", false},
      {"**", "a/b", true},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"**/b", "b", true},
      {"a/**", "a/x/y", true},
      {"?b", "éb", true},
      {"?", "/", false},
      {"[a-c]x", "bx", true},
      {"[^a-c]x", "bx", false},
      {"[!a-c]x", "dx", true},
      {"[]]", "]", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"{a,b}.t", "b.t", true},
      {"{a,b/{c,d}}", "b/d", true},
      {"{a,b}", "c", false},
      {"a*b*c", "aXbYc", true},
      {"a*b*c", "aXbY", false},
      {"[", "[", false},
      {"{a", "{a", false},
      {"", "", true},
      {"*.txt", ".txt", true},
  };
  for (const GlobCase& c : cases) {
    EXPECT_EQ(glob_match(c.pattern, c.path), c.matches) << c.pattern << " " << c.path;
  }
}

TEST(Glob, RefusesBadAndHugePatternsQuickly) {
  for (const std::string bad : {"[", "a[b", "{a", "x\\", "{a,{b}"}) {
    EXPECT_FALSE(check_glob(bad)) << bad;
  }
  std::string huge;
  for (int i = 0; i < 40; ++i) huge += "{a,b}";
  EXPECT_FALSE(check_glob(huge));
  std::string stars;
  std::string path;
  for (int i = 0; i < 50; ++i) {
    stars += "**/a*a*a*b/";
    path += "aaaaaaaaaaaaaaaa/";
  }
  EXPECT_FALSE(glob_match(stars, path));
}

class LocalFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "outsideXXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::create_directory(folder_ + "/d");
    std::ofstream(folder_ + "/a.txt") << "text";
    std::ofstream(folder_ + "/d/b.txt") << "b";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  Environment environment_{{{"HOME", "/home/bob"}}};
};

TEST_F(LocalFiles, AreReadRelativeToTheWorkingDirectory) {
  LocalOutside outside(environment_, folder_);
  EXPECT_EQ(*outside.read_file("a.txt"), "text");
  EXPECT_EQ(*outside.read_file(folder_ + "/d/b.txt"), "b");
  EXPECT_EQ(outside.read_file("none").error().code, ErrorCode::NotFound);
  EXPECT_EQ(outside.read_file("d").error().code, ErrorCode::InvalidInput);
  EXPECT_TRUE(*outside.file_exists("a.txt"));
  EXPECT_FALSE(*outside.file_exists("none"));
  EXPECT_EQ(outside.file_exists("d").error().message.substr(0, 34),
            "d is not a regular file, but \"drwx");
  EXPECT_EQ(*outside.list_files("."), (std::vector<std::string>{"a.txt", "d/b.txt"}));
  EXPECT_EQ(outside.list_files("none").error().code, ErrorCode::NotFound);
  EXPECT_EQ(outside.working_directory(), folder_);
  EXPECT_EQ(outside.home_directory(), "/home/bob");
  EXPECT_EQ(outside.environment("HOME"), "/home/bob");
}

TEST_F(LocalFiles, SecretsComeFromTheHookAlone) {
  LocalOutside without(environment_, folder_);
  EXPECT_EQ(without.secret("vault", {"a", "b"}).error().code, ErrorCode::Unavailable);
  EXPECT_EQ(without.secret("vault", {"a", "b"}).error().message,
            "vault() cannot be asked here: no connection to it is configured");
  LocalOutside with(environment_, folder_,
                    [](const std::string& kind, const std::vector<std::string>& arguments)
                        -> Result<std::string> { return kind + arguments.at(0); });
  EXPECT_EQ(*with.secret("vault", {"a", "b"}), "vaulta");
}

}  // namespace
}  // namespace farm::functions
