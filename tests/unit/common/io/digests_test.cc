#include "common/io/digests.h"

#include "common/io/files.h"

#include <gtest/gtest.h>

namespace farm::io {
namespace {

TEST(Digest, KnownAnswersOfAbc) {
  struct Case {
    const char* name;
    const char* hex;
  };
  const Case cases[] = {
      {"md5", "900150983cd24fb0d6963f7d28e17f72"},
      {"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {"sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
      {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"SHA384",
       "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c"
       "825a7"},
      {"sha512",
       "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3f"
       "eebbd454d4423643ce80e2a9ac94fa54ca49f"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto kind = digest_from_name(c.name);
    ASSERT_TRUE(kind.has_value());
    EXPECT_EQ(digest_hex(*kind, "abc"), c.hex);
    EXPECT_EQ(digest_from_hex_length(std::string(c.hex).size()), kind);
    Digest pieces(*kind);
    pieces.update("a");
    pieces.update("");
    pieces.update("bc");
    EXPECT_EQ(pieces.finish_hex(), c.hex);
  }
  EXPECT_FALSE(digest_from_name("crc32").has_value());
  EXPECT_FALSE(digest_from_hex_length(33).has_value());
}

TEST(Digest, OfFileCountsProgressAndNamesAMissingFile) {
  const auto folder = TempDirectory::create("/tmp", "farm-digest-");
  ASSERT_TRUE(folder);
  const std::string path = folder->path() + "/x";
  ASSERT_TRUE(write_file(path, std::string(3 << 20, 'x')));
  uint64_t last = 0;
  const auto hex = digest_file(DigestKind::Sha256, path, {},
                               [&](uint64_t done, uint64_t total) {
                                 last = done;
                                 EXPECT_EQ(total, 3U << 20);
                               });
  ASSERT_TRUE(hex);
  EXPECT_EQ(*hex, digest_hex(DigestKind::Sha256, std::string(3 << 20, 'x')));
  EXPECT_EQ(last, 3U << 20);
  const auto missing = digest_file(DigestKind::Sha256, path + "-not");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace farm::io
