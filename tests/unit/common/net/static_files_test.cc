#include "common/net/http/static_files.h"

#include <gtest/gtest.h>

#include "common/io/files.h"

namespace farm::net {
namespace {

ServedRequest get(const std::string& path, const std::string& range = {}) {
  ServedRequest request;
  request.method = "GET";
  request.path = path;
  if (!range.empty()) request.headers = {{"Range", range}};
  return request;
}

class StaticFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = io::TempDirectory::create("/tmp", "farm-static-");
    ASSERT_TRUE(folder);
    root_ = folder->release();
    ASSERT_TRUE(io::make_directories(root_ + "/sub"));
    ASSERT_TRUE(io::write_file(root_ + "/preseed.cfg", "0123456789"));
  }
  void TearDown() override { EXPECT_TRUE(io::remove_tree(root_)); }
  std::string root_;
};

TEST_F(StaticFiles, CleansPaths) {
  struct Case {
    const char* path;
    const char* clean;
  };
  const Case cases[] = {{"/a/../../b", "/b"}, {"//a//b/.", "/a/b"}, {"", "/"}, {"/..", "/"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(clean_url_path(c.path), c.clean);
  }
}

TEST_F(StaticFiles, Ranges) {
  struct Case {
    const char* range;
    int status;
    uint64_t offset;
    uint64_t size;
  };
  const Case cases[] = {{"", 200, 0, 10},           {"bytes=0-3", 206, 0, 4},
                        {"bytes=4-", 206, 4, 6},    {"bytes=-3", 206, 7, 3},
                        {"bytes=8-99", 206, 8, 2},  {"bytes=-0", 416, 0, 0},
                        {"bytes=10-", 416, 0, 0},   {"bytes=0-1,3-4", 200, 0, 10},
                        {"bytes=5-2", 200, 0, 10},  {"lines=1-2", 200, 0, 10},
                        {"bytes=x-2", 200, 0, 10}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.range);
    const ServedResponse response = serve_directory(root_, get("/preseed.cfg", c.range));
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(response.file_offset, c.offset);
    EXPECT_EQ(response.file_size, c.size);
  }
}

TEST_F(StaticFiles, NeverLeavesTheRootAndReports404) {
  EXPECT_EQ(serve_directory(root_, get("/../../../../etc/passwd")).status, 404);
  EXPECT_EQ(serve_directory(root_, get("/absent")).status, 404);
  ServedRequest post = get("/preseed.cfg");
  post.method = "POST";
  EXPECT_EQ(serve_directory(root_, post).status, 405);
}

TEST_F(StaticFiles, DirectoriesListRedirectAndPreferIndex) {
  EXPECT_EQ(serve_directory(root_, get("/sub")).status, 301);
  const ServedResponse listing = serve_directory(root_, get("/"));
  EXPECT_EQ(listing.body,
            "<pre>\n<a href=\"preseed.cfg\">preseed.cfg</a>\n<a href=\"sub/\">sub/</a>\n</pre>\n");
  ASSERT_TRUE(io::write_file(root_ + "/sub/index.html", "hi"));
  EXPECT_EQ(serve_directory(root_, get("/sub/")).file_size, 2U);
}

TEST_F(StaticFiles, ContentMatchesExactlyAndSuggests) {
  const std::map<std::string, std::string> content = {{"/preseed.cfg", "d-i"}};
  EXPECT_EQ(serve_content(content, get("//./preseed.cfg")).body, "d-i");
  const ServedResponse miss = serve_content(content, get("/preseed.cf"));
  EXPECT_EQ(miss.status, 404);
  EXPECT_EQ(miss.body, "/preseed.cf not found. Did you mean /preseed.cfg?\n");
}

}  // namespace
}  // namespace farm::net
