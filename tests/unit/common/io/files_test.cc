#include "common/io/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farm::io {
namespace {

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDirectory::create("/tmp", "farm-files-");
    ASSERT_TRUE(folder);
    root_ = folder->release();
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(root_)); }
  std::string root_;
};

TEST_F(Files, AtomicWriteReplacesContentAndMode) {
  const std::string path = root_ + "/config";
  ASSERT_TRUE(write_file_atomic(path, "one"));
  ASSERT_TRUE(write_file_atomic(path, "two", 0600));
  EXPECT_EQ(read_file(path).value_or(""), "two");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(list_files(root_).value_or({}).size(), 1U) << "a temporary file was left";
}

TEST_F(Files, ReadRefusesMoreThanTheLimit) {
  ASSERT_TRUE(write_file(root_ + "/x", "12345"));
  const auto got = read_file(root_ + "/x", 4);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::InvalidInput);
}

TEST_F(Files, RemoveTreeDoesNotFollowLinks) {
  ASSERT_TRUE(make_directories(root_ + "/a/b/c"));
  ASSERT_TRUE(make_directories(root_ + "/kept"));
  ASSERT_TRUE(write_file(root_ + "/kept/file", "x"));
  ASSERT_EQ(::symlink((root_ + "/kept").c_str(), (root_ + "/a/b/link").c_str()), 0);
  ASSERT_TRUE(remove_tree(root_ + "/a"));
  EXPECT_FALSE(exists(root_ + "/a"));
  EXPECT_TRUE(exists(root_ + "/kept/file"));
  EXPECT_TRUE(remove_tree(root_ + "/a")) << "absent is success";
}

TEST_F(Files, CopyKeepsHolesAndContent) {
  const std::string from = root_ + "/sparse";
  const auto file = open_file(from, O_RDWR | O_CREAT);
  ASSERT_TRUE(file);
  ASSERT_EQ(::ftruncate(file->get(), 64 << 20), 0);
  ASSERT_EQ(::pwrite(file->get(), "middle", 6, 32 << 20), 6);
  ASSERT_TRUE(copy_file(from, root_ + "/copy", CancelToken()));
  EXPECT_EQ(file_size(root_ + "/copy").value_or(0), 64U << 20);
  struct stat info {};
  ASSERT_EQ(::stat((root_ + "/copy").c_str(), &info), 0);
  EXPECT_LT(info.st_blocks * 512, 4 << 20);
  const auto copy = open_file(root_ + "/copy", O_RDONLY);
  ASSERT_TRUE(copy);
  char text[6] = {};
  ASSERT_EQ(::pread(copy->get(), text, 6, 32 << 20), 6);
  EXPECT_EQ(std::string(text, 6), "middle");
}

TEST_F(Files, PathParts) {
  struct Case {
    const char* path;
    const char* parent;
    const char* base;
    const char* extension;
  };
  const Case cases[] = {{"/a/b/c.iso", "/a/b", "c.iso", "iso"}, {"c", ".", "c", ""},
                        {"/c", "/", "c", ""},                   {"a/b/", "a", "b", ""},
                        {"/", "/", "/", ""},                    {"x.tar.gz", ".", "x.tar.gz", "gz"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(parent_path(c.path), c.parent);
    EXPECT_EQ(base_name(c.path), c.base);
    EXPECT_EQ(extension(c.path), c.extension);
  }
  EXPECT_EQ(join_path("/a", "b"), "/a/b");
  EXPECT_EQ(join_path("/a/", "b"), "/a/b");
  EXPECT_EQ(join_path("/a", "/b"), "/b");
}

TEST_F(Files, SecondLockTimesOutUntilTheFirstIsGone) {
  const std::string path = root_ + "/lock";
  {
    const auto first = FileLock::acquire(path, steady_now(), CancelToken());
    ASSERT_TRUE(first);
    const auto second = FileLock::acquire(path, steady_now(), CancelToken());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Timeout);
  }
  EXPECT_TRUE(FileLock::acquire(path, steady_now(), CancelToken()));
}

}  // namespace
}  // namespace farm::io
