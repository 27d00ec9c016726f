#include "builders/steps/archive/archive_writer.h"

#include <gtest/gtest.h>

#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::builders::archive {
namespace {

TEST(Format, FollowsTheName) {
  struct Case {
    std::string name;
    Container container;
    Algorithm algorithm;
  };
  const std::vector<Case> cases = {
      {"a.tar", Container::Tar, Algorithm::None},     {"a.zip", Container::Zip, Algorithm::None},
      {"a.tar.gz", Container::Tar, Algorithm::Gzip},  {"a.gz", Container::None, Algorithm::Gzip},
      {"a.lz4", Container::None, Algorithm::Lz4},     {"a.xz", Container::None, Algorithm::Xz},
      {"a.bzip2", Container::None, Algorithm::Bzip2}, {"a.bgzf", Container::None, Algorithm::Bgzf},
      {"a.tar.zst", Container::Tar, Algorithm::Zstd}, {"packer_x", Container::Tar, Algorithm::Gzip},
      {"dir.d/x", Container::Tar, Algorithm::Gzip},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(format_of(c.name).container, c.container);
    EXPECT_EQ(format_of(c.name).algorithm, c.algorithm);
  }
}

class ArchiveTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& content, uint32_t mode = 0644) {
    ASSERT_TRUE(io::write_file(path(name), content, mode).has_value());
  }
  // What another program, given the file on standard input, makes of it.
  std::string read_back(const std::string& name, const std::string& command) {
    io::RunOptions run;
    run.spawn.argv = {"sh", "-c", "( " + command + "\n) < " + path(name)};
    run.spawn.directory = directory_.path();
    run.keep_bytes = 64U << 20;
    const Result<io::Finished> finished = io::run_program_checked(run, CancelToken());
    EXPECT_TRUE(finished.has_value()) << finished.error().message;
    return finished ? finished->standard_output : "";
  }
  io::TempDirectory directory_ = *io::TempDirectory::create(::testing::TempDir(), "archive");
};

// Several pieces for every algorithm, with repetitions across their borders, and an odd rest.
std::string long_content(size_t size = (4U << 20) + 100'000) {
  std::string content;
  for (uint64_t i = 0; content.size() < size; ++i) {
    content += "line " + std::to_string(i * 7919 % 100'003) + "\n";
  }
  return content + "end";
}

struct ReaderCase {
  const char* name;
  const char* command;
};
constexpr const char* kUnzip =
    "python3 -c 'import sys,zipfile,io; z=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())); "
    "assert z.testzip() is None; sys.stdout.buffer.write(z.read(z.namelist()[0]))'";
const std::vector<ReaderCase>& readers() {
  static const std::vector<ReaderCase> kReaders = {{"x.gz", "gzip -dc"},
                                                   {"x.bgzf", "gzip -dc"},
                                                   {"x.lz4", "lz4 -dc"},
                                                   {"x.xz", "xz -dc"},
                                                   {"x.bz2", "bzip2 -dc"},
                                                   {"x.zst", "zstd -dcq"},
                                                   {"x.tar", "tar -xOf -"},
                                                   {"x.tar.gz", "tar -xzOf -"},
                                                   {"x.tar.bgzf", "tar -xzOf -"},
                                                   {"x.tar.lz4", "lz4 -dc | tar -xOf -"},
                                                   {"x.tar.zst", "tar --zstd -xOf -"},
                                                   {"x.zip", kUnzip}};
  return kReaders;
}

// Judged by programs that we did not write.
TEST_F(ArchiveTest, OtherProgramsReadWhatWeWrite) {
  const std::string content = long_content();
  write("disk", content);
  for (const ReaderCase& c : readers()) {
    SCOPED_TRACE(c.name);
    const Result<void> made =
        write_archive(path(c.name), format_of(c.name), -1, {{path("disk"), "disk"}}, CancelToken());
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_TRUE(read_back(c.name, c.command) == content);
  }
}

TEST_F(ArchiveTest, EmptyFiles) {
  write("disk", "");
  for (const ReaderCase& c : readers()) {
    SCOPED_TRACE(c.name);
    const Result<void> made =
        write_archive(path(c.name), format_of(c.name), -1, {{path("disk"), "disk"}}, CancelToken());
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_EQ(read_back(c.name, c.command), "");
  }
}

TEST_F(ArchiveTest, LevelsDiffer) {
  write("disk", long_content(600'000));
  for (const char* name : {"x.gz", "x.bgzf", "x.lz4", "x.xz", "x.bz2", "x.zst", "x.zip"}) {
    SCOPED_TRACE(name);
    uint64_t sizes[2] = {0, 0};
    for (const int level : {1, 9}) {
      ASSERT_TRUE(
          write_archive(path(name), format_of(name), level, {{path("disk"), "disk"}}, CancelToken())
              .has_value());
      sizes[level == 9 ? 1 : 0] = io::file_size(path(name)).value_or(0);
    }
    EXPECT_LT(sizes[1], sizes[0]);
  }
}

TEST_F(ArchiveTest, BgzfBlocksCanBeReadByThemselves) {
  const std::string content = long_content(2'000'000);
  write("disk", content);
  ASSERT_TRUE(write_archive(path("x.bgzf"), format_of("x.bgzf"), -1, {{path("disk"), "disk"}},
                            CancelToken())
                  .has_value());
  const std::string sizes = read_back(
      "x.bgzf",
      "python3 -c 'import struct,sys,zlib\n"
      "data=sys.stdin.buffer.read(); at=0; total=0; last=None\n"
      "while at<len(data):\n"
      "  assert data[at:at+4]==b\"\\x1f\\x8b\\x08\\x04\" and data[at+12:at+16]==b\"BC\\x02\\0\"\n"
      "  size=struct.unpack(\"<H\",data[at+16:at+18])[0]+1\n"
      "  last=zlib.decompress(data[at:at+size],31); total+=len(last); at+=size\n"
      "print(total, len(last))'");
  EXPECT_EQ(sizes, std::to_string(content.size()) + " 0\n");
}

TEST_F(ArchiveTest, SeveralMembersWithModesAndOneFromMemory) {
  write("a", "first\n", 0755);
  write("b", "second\n", 0600);
  const std::vector<Member> members = {
      {path("a"), "one"}, {path("b"), "deep/two"}, {{}, "three", "from memory\n"}};
  for (const char* name : {"x.tar.gz", "x.zip"}) {
    ASSERT_TRUE(write_archive(path(name), format_of(name), -1, members, CancelToken()).has_value());
  }
  EXPECT_EQ(read_back("x.tar.gz", "tar -tzvf - | awk \"{print \\$1, \\$NF}\""),
            "-rwxr-xr-x one\n-rw------- deep/two\n-rw-r--r-- three\n");
  EXPECT_EQ(read_back("x.zip",
                      "python3 -c 'import sys,zipfile,io\n"
                      "z=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))\n"
                      "for i in z.infolist(): print(i.filename, oct(i.external_attr>>16), "
                      "z.read(i).decode(), end=\"\")'"),
            "one 0o100755 first\ndeep/two 0o100600 second\nthree 0o100644 from memory\n");
}

TEST_F(ArchiveTest, TellsHowFarItIs) {
  write("disk", long_content(2'500'000));
  uint64_t last = 0;
  uint64_t all = 0;
  ASSERT_TRUE(write_archive(path("x.gz"), format_of("x.gz"), 1, {{path("disk"), "disk"}},
                            CancelToken(),
                            [&](uint64_t done, uint64_t total) {
                              EXPECT_GT(done, last);
                              last = done;
                              all = total;
                            })
                  .has_value());
  EXPECT_EQ(last, all);
}

TEST_F(ArchiveTest, OneFileOnlyWithoutAnArchive) {
  const Result<void> made = write_archive(path("never.gz"), format_of("never.gz"), -1,
                                          {{"a", "a"}, {"b", "b"}}, CancelToken());
  EXPECT_EQ(made.error().message,
            "Can only have 1 input file when not using tar/zip. Found 2 files");
}

TEST_F(ArchiveTest, AMissingInputOrACancelledWriteLeavesNothing) {
  for (const char* name : {"gone.tar.gz", "gone.zip", "gone.xz"}) {
    SCOPED_TRACE(name);
    EXPECT_FALSE(write_archive(path(name), format_of(name), 9, {{"/nowhere", "x"}}, CancelToken())
                     .has_value());
    EXPECT_FALSE(io::exists(path(name)));
    write("disk", "x");
    const CancelToken cancel;
    cancel.cancel();
    const Result<void> made =
        write_archive(path(name), format_of(name), 9, {{path("disk"), "x"}}, cancel);
    EXPECT_EQ(made.error().code, ErrorCode::Cancelled);
    EXPECT_FALSE(io::exists(path(name)));
  }
}

}  // namespace
}  // namespace farm::builders::archive
