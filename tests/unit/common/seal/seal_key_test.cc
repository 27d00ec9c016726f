#include "common/seal/seal_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/io/files.h"

namespace farm::seal {
namespace {

class SealKeyTest : public ::testing::Test {
 protected:
  io::TempDirectory directory_ = *io::TempDirectory::create("/tmp", "farm-seal-");
  std::string path_ = directory_.path() + "/seal.key";
};

TEST_F(SealKeyTest, OpensWhatItSealedForTheSameContext) {
  const SealKey key = *SealKey::load_or_create(path_);
  for (const std::string& plain : {std::string(), std::string("secret"), std::string(100000, 'x')}) {
    const std::string sealed = key.seal(plain, "job 1");
    EXPECT_TRUE(SealKey::is_sealed(sealed));
    EXPECT_EQ(sealed.find("secret"), std::string::npos);
    EXPECT_EQ(*key.open(sealed, "job 1"), plain);
    EXPECT_EQ(key.open(sealed, "job 2").error().code, ErrorCode::Corrupt);
  }
  EXPECT_NE(key.seal("a", ""), key.seal("a", ""));
}

TEST_F(SealKeyTest, TheKeyOfTheFileOpensLater) {
  const std::string sealed = SealKey::load_or_create(path_)->seal("x", "c");
  EXPECT_EQ(*SealKey::load_or_create(path_)->open(sealed, "c"), "x");
  const SealKey other = *SealKey::load_or_create(directory_.path() + "/other.key");
  EXPECT_EQ(other.open(sealed, "c").error().code, ErrorCode::Corrupt);
}

TEST_F(SealKeyTest, RefusesEveryDamagedByte) {
  const SealKey key = *SealKey::load_or_create(path_);
  const std::string sealed = key.seal("some text", "c");
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string damaged = sealed;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(key.open(damaged, "c")) << i;
    EXPECT_FALSE(key.open(sealed.substr(0, i), "c")) << i;
  }
}

TEST_F(SealKeyTest, ItsFileIsForItsOwnerAlone) {
  ASSERT_TRUE(SealKey::load_or_create(path_));
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(SealKey::load(path_).error().code, ErrorCode::Denied);
  EXPECT_EQ(SealKey::load(directory_.path() + "/none").error().code, ErrorCode::NotFound);
  ASSERT_TRUE(io::write_file(path_, "short", 0600));
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  EXPECT_EQ(SealKey::load_or_create(path_).error().code, ErrorCode::Corrupt);
}

}  // namespace
}  // namespace farm::seal
