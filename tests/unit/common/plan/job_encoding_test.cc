#include <gtest/gtest.h>

#include "tests/unit/common/plan/planning.h"

namespace farm::plan {
namespace {

constexpr const char* kTemplate = R"(
source "null" "a" { communicator = "none" }
build {
  name    = "web"
  sources = ["null.a"]
  provisioner "shell-local" {
    inline       = ["echo ${build.ID}"]
    pause_before = "2s"
    max_retries  = 3
  }
  error-cleanup-provisioner "shell-local" { inline = ["x"] }
  post-processor "manifest" { keep_input_artifact = false }
})";

JobSpec sample_job() {
  Planning planning("a.pkr.hcl", kTemplate);
  planning.load.path = "a.pkr.hcl";
  Diagnosed<Plan> planned = planning.run();
  EXPECT_EQ(dump(planned.diagnostics), "");
  return planned.value->jobs.at(0);
}

TEST(JobEncoding, KeepsEverything) {
  const JobSpec job = sample_job();
  const Result<JobSpec> back = decode_job(encode_job(job));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(dump(Plan{"", "", {job}, {}}), dump(Plan{"", "", {*back}, {}}));
  EXPECT_EQ(encode_job(job), encode_job(*back));
  EXPECT_EQ(back->provisioners[0].max_retries, 3);
  EXPECT_EQ(back->provisioners[0].component.late->text, job.provisioners[0].component.late->text);
  EXPECT_EQ(back->post_processors[0][0].keep_input_artifact, std::optional<bool>(false));
  EXPECT_EQ(back->render.start, job.render.start);
}

TEST(JobEncoding, RefusesEveryTruncation) {
  const std::string bytes = encode_job(sample_job());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Result<JobSpec> back = decode_job(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(back.has_value()) << size;
    EXPECT_EQ(back.error().code, ErrorCode::Corrupt);
  }
  EXPECT_FALSE(decode_job(bytes + "x").has_value());
}

}  // namespace
}  // namespace farm::plan
