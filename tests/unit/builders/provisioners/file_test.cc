#include <gtest/gtest.h>

#include "builders/core/registry.h"
#include "common/io/files.h"
#include "tests/support/fakes/fake_build.h"

namespace farm::builders {
namespace provisioner_file {
void register_component(Registry& registry);
}
namespace {

using value::Value;

class File : public ::testing::Test {
 protected:
  File() : directory_(*io::TempDirectory::create(::testing::TempDir(), "file")) {
    Registry registry;
    provisioner_file::register_component(registry);
    provisioner_ = std::move(*registry.provisioner("file"));
    EXPECT_TRUE(io::write_file(directory_.path() + "/a.txt", "A").has_value());
  }
  Findings prepare(Value::Map options) {
    const PrepareContext context{build_.inputs, build_.environment, directory_.path(), false, false};
    return provisioner_->prepare(Value::object(std::move(options)), context);
  }
  io::TempDirectory directory_;
  testing::FakeBuild build_{directory_.path()};
  std::unique_ptr<Provisioner> provisioner_;
};

TEST_F(File, UploadAppendsTheNameToAFolder) {
  ASSERT_TRUE(prepare({{"source", Value::string("a.txt")}, {"destination", Value::string("/d/")}})
                  .ok());
  ASSERT_TRUE(provisioner_->provision(build_.context).has_value());
  EXPECT_TRUE(build_.guest->files.contains("/d/a.txt"));
  EXPECT_EQ(build_.ui.lines[0], "say Uploading a.txt => /d/");
  ASSERT_TRUE(prepare({{"sources", Value::tuple({Value::string("a.txt")})},
                       {"destination", Value::string("/e")}})
                  .ok());
  ASSERT_TRUE(provisioner_->provision(build_.context).has_value());
  EXPECT_TRUE(build_.guest->files.contains("/e"));
}

TEST_F(File, ContentAndFolders) {
  ASSERT_TRUE(
      prepare({{"content", Value::string("text")}, {"destination", Value::string("/c")}}).ok());
  ASSERT_TRUE(provisioner_->provision(build_.context).has_value());
  EXPECT_EQ(build_.guest->files["/c"].bytes, "text");
  ASSERT_TRUE(prepare({{"source", Value::string(".")}, {"destination", Value::string("/t")}}).ok());
  ASSERT_TRUE(provisioner_->provision(build_.context).has_value());
  EXPECT_EQ(build_.guest->files["/t"].bytes, "dir <" + directory_.path() + "/.>");
}

TEST_F(File, DownloadMakesParents) {
  ASSERT_TRUE(prepare({{"source", Value::string("/etc/os-release")},
                       {"destination", Value::string("out/sub/")},
                       {"direction", Value::string("download")}})
                  .ok());
  ASSERT_TRUE(provisioner_->provision(build_.context).has_value());
  EXPECT_EQ(build_.guest->downloads,
            std::vector<std::string>{"/etc/os-release => " + directory_.path() +
                                     "/out/sub/os-release"});
  EXPECT_TRUE(io::is_directory(directory_.path() + "/out/sub"));
}

TEST_F(File, DownloadOfFoldersAndPatterns) {
  ASSERT_TRUE(prepare({{"source", Value::string("/var/log/")},
                       {"destination", Value::string("logs/")},
                       {"direction", Value::string("download")}})
                  .ok());
  ASSERT_TRUE(provisioner_->provision(build_.context).has_value());
  EXPECT_EQ(build_.ui.lines.back(), "say Downloading /var/log/ => logs/");
  build_.guest->on_command = [](const RemoteCommand& command) {
    command.on_stdout("f /a b/x.log\nd /a b/y.log\n");
    return Result<int>(0);
  };
  ASSERT_TRUE(prepare({{"source", Value::string("/a b/$*.log")},
                       {"destination", Value::string("out")},
                       {"direction", Value::string("download")}})
                  .ok());
  ASSERT_TRUE(provisioner_->provision(build_.context).has_value());
  EXPECT_TRUE(build_.guest->commands[0].starts_with("for f in /a\\ b/\\$*.log; do "));
  const std::string here = directory_.path();
  EXPECT_EQ(build_.guest->downloads,
            (std::vector<std::string>{"dir /var/log => " + here + "/logs/",
                                      "/a b/x.log => " + here + "/out/x.log",
                                      "dir /a b/y.log => " + here + "/out"}));
  build_.guest->on_command = [](const RemoteCommand&) { return Result<int>(0); };
  const Result<void> none = provisioner_->provision(build_.context);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().message, "no file in the machine matches /a b/$*.log");
}

TEST_F(File, Refusals) {
  EXPECT_EQ(prepare({{"source", Value::string("nope")}, {"destination", Value::string("/d")}}).errors,
            std::vector<std::string>{"Bad source 'nope': stat nope: no such file or directory"});
  EXPECT_EQ(prepare({{"source", Value::string("a.txt")},
                     {"content", Value::string("x")},
                     {"destination", Value::string("/d")}})
                .errors,
            std::vector<std::string>{"source(s) conflicts with content."});
  EXPECT_EQ(prepare({{"source", Value::string("a.txt")},
                     {"direction", Value::string("sideways")},
                     {"destination", Value::string("/d")}})
                .errors,
            std::vector<std::string>{"Direction must be one of: download, upload."});
  EXPECT_TRUE(prepare({{"source", Value::string("later")},
                       {"generated", Value::boolean(true)},
                       {"destination", Value::string("/d")}})
                  .ok());
}

}  // namespace
}  // namespace farm::builders
