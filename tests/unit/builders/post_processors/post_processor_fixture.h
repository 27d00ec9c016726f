// PostProcessorTest: one post-processor over a temporary folder, prepared and run as the runner
// does.
#pragma once

#include <gtest/gtest.h>

#include "builders/core/registry.h"
#include "common/io/files.h"
#include "common/io/process.h"
#include "tests/support/fakes/fake_build.h"

namespace farm::builders::testing {

class PostProcessorTest : public ::testing::Test {
 protected:
  PostProcessorTest(const char* type, void (*add)(Registry&)) {
    Registry registry;
    add(registry);
    post_processor_ = std::move(*registry.post_processor(type));
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void write(const std::string& name, const std::string& content) {
    ASSERT_TRUE(io::make_directories(io::parent_path(path(name))).has_value());
    ASSERT_TRUE(io::write_file(path(name), content).has_value());
  }
  std::string read(const std::string& name) const {
    const Result<std::string> text = io::read_file(path(name));
    return text ? *text : "<" + text.error().message + ">";
  }
  Findings prepare(value::Value::Map options, bool placeholders = false) {
    const PrepareContext context{build_.inputs, build_.environment, directory_.path(), false,
                                 placeholders};
    return post_processor_->prepare(value::Value::object(std::move(options)), context);
  }
  Result<PostProcessed> process(value::Value::Map options) {
    const Findings findings = prepare(std::move(options));
    EXPECT_TRUE(findings.ok()) << findings.text();
    return post_processor_->process(build_.context, input_);
  }
  std::string shell(const std::string& command) {
    io::RunOptions run;
    run.spawn.argv = {"sh", "-c", command};
    run.spawn.directory = directory_.path();
    const Result<io::Finished> done = io::run_program_checked(run, CancelToken());
    EXPECT_TRUE(done.has_value()) << done.error().message;
    return done ? done->standard_output : "";
  }
  static value::Value text(const std::string& utf8) { return value::Value::string(utf8); }
  static value::Value list(const std::vector<std::string>& texts) {
    value::Value::List values;
    for (const std::string& one : texts) values.push_back(text(one));
    return value::Value::tuple(std::move(values));
  }

  io::TempDirectory directory_ = *io::TempDirectory::create(::testing::TempDir(), "post");
  farm::testing::FakeBuild build_{directory_.path()};
  std::unique_ptr<PostProcessor> post_processor_;
  artifact::Artifact input_;
};

}  // namespace farm::builders::testing
