#include "builders/steps/checksum.h"

#include <gtest/gtest.h>

#include "builders/steps/download.h"
#include "builders/steps/iso_options.h"

namespace farm::builders::steps {
namespace {

const std::string kMd5(32, 'a');
const std::string kSha256(64, 'B');

TEST(Checksum, Forms) {
  struct Case {
    std::string text;
    std::string canonical;  // empty: refused
  };
  const Case cases[] = {{"none", "none"},
                        {kMd5, "md5:" + kMd5},
                        {kSha256, "sha256:" + std::string(64, 'b')},
                        {"SHA256:" + kSha256, "sha256:" + std::string(64, 'b')},
                        {"sha1:" + std::string(40, '0'), "sha1:" + std::string(40, '0')},
                        {"sha512:" + std::string(128, '1'), "sha512:" + std::string(128, '1')},
                        {"file:https://x/SHA256SUMS", "file:https://x/SHA256SUMS"},
                        {"md5:" + kSha256, ""},
                        {"crc32:12345678", ""},
                        {"file:", ""},
                        {"file:debian.iso", ""},
                        {"xyz", ""},
                        {"", ""},
                        {std::string(64, 'g'), ""}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const auto parsed = parse_checksum(c.text);
    EXPECT_EQ(parsed ? parsed->text() : "", c.canonical);
  }
}

TEST(Checksum, FoundInChecksumFiles) {
  const std::string other(64, 'c');
  struct Case {
    const char* name;
    std::string content;
    bool found;
  };
  const Case cases[] = {
      {"gnu", "# sums\n" + other + "  other.iso\n" + kSha256 + "  debian.iso\n", true},
      {"gnu binary", kSha256 + " *debian.iso\r\n", true},
      {"gnu with folder", kSha256 + "  ./images/debian.iso\n", true},
      {"bsd", "SHA256 (debian.iso) = " + kSha256 + "\n", true},
      {"lone hash", "\n" + kSha256 + "\n", true},
      {"two lone hashes", kSha256 + "\n" + other + "\n", false},
      {"other name", other + "  other.iso\n", false},
      {"bsd of the wrong kind", "MD5 (debian.iso) = " + kSha256 + "\n", false},
      {"empty", "", false},
      {"html", "<html>404</html>", false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto found = find_checksum(c.content, "debian.iso");
    EXPECT_EQ(found ? found->text() : "", c.found ? "sha256:" + std::string(64, 'b') : "");
  }
}

TEST(Url, PartsOfUrls) {
  EXPECT_EQ(url_scheme("https://x/a.iso"), "https");
  EXPECT_EQ(url_scheme("git::https://x/a"), "git");
  EXPECT_EQ(url_scheme("/srv/a.iso"), "");
  EXPECT_EQ(local_path_of("file:///srv/a%20b.iso"), "/srv/a b.iso");
  EXPECT_EQ(local_path_of("a.iso"), "a.iso");
  EXPECT_EQ(local_path_of("http://x/a.iso"), "");
  EXPECT_EQ(url_file_name("https://x/y/a%20b.iso?z=1"), "a b.iso");
  EXPECT_EQ(url_file_name("images/a.iso"), "a.iso");
  std::string url = "https://x/a.iso?checksum=sha256:12&y=2";
  EXPECT_EQ(take_url_checksum(url, "none"), "sha256:12");
  EXPECT_EQ(url, "https://x/a.iso?y=2");
  EXPECT_EQ(take_url_checksum(url, "none"), "none");
}

}  // namespace
}  // namespace farm::builders::steps
