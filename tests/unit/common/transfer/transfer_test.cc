#include <gtest/gtest.h>

#include "common/io/digests.h"
#include "common/io/files.h"
#include "common/transfer/downloader.h"
#include "common/transfer/uploader.h"

namespace farm::transfer {
namespace {

class Transfer : public ::testing::Test {
 protected:
  Transfer() : directory_(*io::TempDirectory::create(::testing::TempDir(), "transfer")) {
    SeededRandom random(9);
    content_.resize(2 * kChunkSize + 77);
    for (char& c : content_) c = static_cast<char>(random.next() & 0xff);
    path_ = directory_.path() + "/a";
    EXPECT_TRUE(io::write_file(path_, content_).has_value());
  }
  io::TempDirectory directory_;
  std::string content_;
  std::string path_;
  CancelToken cancel_;
};

TEST_F(Transfer, SendsOnlyWhatIsMissingWithinCredit) {
  Uploader uploader = *Uploader::open({}, {}, path_, "a", cancel_);
  EXPECT_EQ(uploader.begin().chunks.size(), 3U);
  EXPECT_EQ(uploader.begin().sha256, io::digest_hex(io::DigestKind::Sha256, content_));
  EXPECT_FALSE((*uploader.next()).has_value());
  ASSERT_TRUE(uploader.need({{}, {0, 2}, kChunkSize}).has_value());
  EXPECT_EQ(uploader.bytes_to_send(), kChunkSize + 77);
  const auto first = *uploader.next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->bytes, content_.substr(0, kChunkSize));
  EXPECT_FALSE((*uploader.next()).has_value());  // out of credit
  uploader.credit({{}, 77});
  const auto last = *uploader.next();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->index, 2U);
  EXPECT_EQ(last->bytes, content_.substr(2 * kChunkSize));
  EXPECT_TRUE(uploader.all_sent());
  EXPECT_FALSE(uploader.need({{}, {3}, 0}).has_value());
}

TEST_F(Transfer, AFileThatShrankIsAnError) {
  Uploader uploader = *Uploader::open({}, {}, path_, "a", cancel_);
  ASSERT_TRUE(uploader.need({{}, {2}, kChunkSize}).has_value());
  ASSERT_TRUE(io::write_file(path_, "short").has_value());
  EXPECT_EQ(uploader.next().error().code, ErrorCode::Conflict);
}

TEST_F(Transfer, DownloadResumesAndVerifies) {
  const std::string target = directory_.path() + "/sub/out";
  const std::string sum = io::digest_hex(io::DigestKind::Sha256, content_);
  {
    Downloader first = *Downloader::open({}, sum, target, 0755);
    EXPECT_EQ(first.begin().offset, 0U);
    ASSERT_TRUE(first.data({{}, 0, content_.size(), content_.substr(0, 1000)}).has_value());
    EXPECT_FALSE(first.complete());
  }
  Downloader second = *Downloader::open({}, sum, target, 0755);
  EXPECT_EQ(second.begin().offset, 1000U);
  EXPECT_FALSE(second.data({{}, 5, content_.size(), "x"}).has_value());
  ASSERT_TRUE(second.data({{}, 1000, content_.size(), content_.substr(1000)}).has_value());
  ASSERT_TRUE(second.complete());
  ASSERT_TRUE(second.finish(cancel_).has_value());
  EXPECT_EQ(*io::read_file(target), content_);
}

TEST_F(Transfer, WrongBytesNeverGetTheName) {
  const std::string target = directory_.path() + "/bad";
  Downloader downloader = *Downloader::open({}, std::string(64, '0'), target, 0644);
  ASSERT_TRUE(downloader.data({{}, 0, 3, "abc"}).has_value());
  EXPECT_EQ(downloader.finish(cancel_).error().code, ErrorCode::Corrupt);
  EXPECT_FALSE(io::exists(target));
  EXPECT_FALSE(io::exists(target + ".part"));
}

}  // namespace
}  // namespace farm::transfer
