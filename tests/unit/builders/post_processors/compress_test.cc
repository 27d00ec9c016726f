#include <gtest/gtest.h>

#include "builders/post_processors/compress/archive_writer.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::post_processor_compress {
namespace {

TEST(Format, FollowsTheName) {
  struct Case {
    std::string name;
    Archive archive;
    Algorithm algorithm;
  };
  const std::vector<Case> cases = {
      {"a.tar", Archive::Tar, Algorithm::None},    {"a.zip", Archive::Zip, Algorithm::None},
      {"a.tar.gz", Archive::Tar, Algorithm::Gzip}, {"a.gz", Archive::None, Algorithm::Gzip},
      {"a.lz4", Archive::None, Algorithm::Lz4},    {"a.xz", Archive::None, Algorithm::Xz},
      {"a.bzip2", Archive::None, Algorithm::Bzip2}, {"a.bgzf", Archive::None, Algorithm::Bgzf},
      {"a.tar.zst", Archive::Tar, Algorithm::Zstd}, {"packer_x", Archive::Tar, Algorithm::Gzip},
      {"dir.d/x", Archive::Tar, Algorithm::Gzip},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(format_of(c.name).archive, c.archive);
    EXPECT_EQ(format_of(c.name).algorithm, c.algorithm);
  }
}

// Judged by programs that we did not write.
TEST(Compress, OtherProgramsReadWhatWeWrite) {
  const io::TempDirectory directory = *io::TempDirectory::create(::testing::TempDir(), "compress");
  const std::string source = directory.path() + "/disk";
  std::string content;
  for (int i = 0; i < 40'000; ++i) content += "line " + std::to_string(i) + "\n";
  ASSERT_TRUE(io::write_file(source, content).has_value());
  struct Case {
    const char* name;
    std::vector<std::string> reader;  // prints the content
  };
  const std::vector<Case> cases = {
      {"x.gz", {"gzip", "-dc"}},
      {"x.bgzf", {"gzip", "-dc"}},
      {"x.tar.gz", {"tar", "-xzOf"}},
      {"x.tar.bgzf", {"tar", "--gzip", "-xOf"}},
      {"x.tar", {"tar", "-xOf"}},
      {"x.zst", {"zstd", "-dcq"}},
      {"x.zip", {"python3", "-c",
                 "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); "
                 "sys.stdout.buffer.write(z.read(z.namelist()[0]))"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string path = directory.path() + "/" + c.name;
    const Result<void> made =
        write_archive(path, format_of(c.name), -1, {{source, "disk"}}, CancelToken());
    ASSERT_TRUE(made.has_value()) << made.error().message;
    io::RunOptions run;
    run.spawn.argv = c.reader;
    if (std::string(c.name).ends_with("bgzf") && c.reader[0] == "gzip") {
      run.spawn.argv = {"sh", "-c", "gzip -dc < " + path};  // gzip refuses the suffix by name
    } else {
      run.spawn.argv.push_back(path);
    }
    const Result<io::Finished> read = io::run_program_checked(run, CancelToken());
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_TRUE(read->standard_output == content);
  }
}

TEST(Compress, OneFileOnlyWithoutAnArchive) {
  const Result<void> made = write_archive(::testing::TempDir() + "never.gz", format_of("never.gz"),
                                          -1, {{"a", "a"}, {"b", "b"}}, CancelToken());
  EXPECT_EQ(made.error().message,
            "Can only have 1 input file when not using tar/zip. Found 2 files");
}

TEST(Compress, AMissingInputLeavesNothing) {
  const std::string path = ::testing::TempDir() + "gone.tar.gz";
  EXPECT_FALSE(
      write_archive(path, format_of(path), 9, {{"/nowhere", "x"}}, CancelToken()).has_value());
  EXPECT_FALSE(io::exists(path));
}

}  // namespace
}  // namespace farm::builders::post_processor_compress
