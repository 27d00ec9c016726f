#include "common/artifact/manifest.h"

#include <gtest/gtest.h>

#include "common/artifact/bundle_manifest.h"

namespace farm::artifact {
namespace {

TEST(Manifest, IsWrittenByteForByte) {
  Manifest manifest;
  manifest.builds.push_back({"base", "qemu", 1700000000, std::vector<ManifestFile>{{"out/d", 7}},
                             "VM", "u-1", std::map<std::string, std::string>{{"a", "<x> & y"}}});
  manifest.builds.push_back({"n", "null", 0, std::nullopt, "Null", "u-1", std::nullopt});
  manifest.last_run_uuid = "u-1";
  EXPECT_EQ(manifest_text(manifest), R"({
  "builds": [
    {
      "name": "base",
      "builder_type": "qemu",
      "build_time": 1700000000,
      "files": [
        {
          "name": "out/d",
          "size": 7
        }
      ],
      "artifact_id": "VM",
      "packer_run_uuid": "u-1",
      "custom_data": {
        "a": "\u003cx\u003e \u0026 y"
      }
    },
    {
      "name": "n",
      "builder_type": "null",
      "files": null,
      "artifact_id": "Null",
      "packer_run_uuid": "u-1",
      "custom_data": null
    }
  ],
  "last_run_uuid": "u-1"
})");
}

TEST(Manifest, ParsesWhatItWrites) {
  Manifest manifest;
  manifest.builds.push_back({"base", "qemu", 5, std::vector<ManifestFile>{{"d", 7}}, "VM", "u",
                             std::map<std::string, std::string>{{"a", "<"}}});
  manifest.last_run_uuid = "u";
  const std::string text = manifest_text(manifest);
  const Result<Manifest> back = parse_manifest(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(manifest_text(*back), text);
}

TEST(Manifest, MergesInTheOrderGiven) {
  const Result<Manifest> merged = merge_manifests(
      {R"({"builds":[{"name":"a"}],"last_run_uuid":"x"})", "", R"([{"name":"b"}])"}, "run");
  ASSERT_TRUE(merged);
  ASSERT_EQ(merged->builds.size(), 2U);
  EXPECT_EQ(merged->builds[1].name, "b");
  EXPECT_EQ(merged->last_run_uuid, "run");
}

TEST(Manifest, RubbishIsCorrupt) {
  for (const char* text : {"", "{", "7", R"({"builds":[7]})", R"({"builds":[{"name":7}]})"}) {
    EXPECT_EQ(parse_manifest(text).error().code, ErrorCode::Corrupt) << text;
  }
}

TEST(BundleManifest, SurvivesEncodingAndRefusesWaysOut) {
  const std::string digest(64, 'a');
  const std::vector<BundleEntry> good = {{"t.pkr.hcl", digest, 3, 0644, ""},
                                         {"d/link", "", 0, 0777, "../t.pkr.hcl"}};
  const Result<std::vector<BundleEntry>> back = decode_bundle(encode_bundle(good));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ((*back)[1].link_target, "../t.pkr.hcl");
  for (const char* path : {"", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/"}) {
    EXPECT_EQ(check_bundle({{path, digest, 1, 0644, ""}}).error().code, ErrorCode::InvalidInput)
        << path;
  }
  EXPECT_FALSE(check_bundle({{"d", "", 0, 0777, "/etc"}, {"d/x", digest, 1, 0644, ""}}));
  EXPECT_FALSE(check_bundle({{"x", digest, 1, 0644, ""}, {"x", digest, 1, 0644, ""}}));
}

}  // namespace
}  // namespace farm::artifact
