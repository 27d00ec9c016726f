#include "builders/core/step.h"

#include <gtest/gtest.h>

#include "tests/support/fakes/fake_build.h"

namespace farm::builders {
namespace {

class Traced final : public Step {
 public:
  Traced(std::string name, std::vector<std::string>& trace, std::vector<Error> failures = {})
      : name_(std::move(name)), trace_(trace), failures_(std::move(failures)) {}
  std::string_view name() const override { return name_; }
  Result<void> run(BuildContext&) override {
    trace_.push_back("run " + name_);
    if (failures_.empty()) return {};
    Error error = failures_.front();
    failures_.erase(failures_.begin());
    return error;
  }
  Result<void> cleanup(BuildContext&) override {
    trace_.push_back("clean " + name_);
    return {};
  }

 private:
  std::string name_;
  std::vector<std::string>& trace_;
  std::vector<Error> failures_;
};

class Steps : public ::testing::Test {
 protected:
  std::vector<StepPtr> three(std::vector<Error> failures_of_second = {}) {
    return step_list(Traced("a", trace_), Traced("b", trace_, std::move(failures_of_second)),
                     Traced("provision", trace_));
  }
  testing::FakeBuild build_{::testing::TempDir()};
  std::vector<std::string> trace_;
};

TEST_F(Steps, CleanUpInReverseAfterSuccess) {
  EXPECT_TRUE(run_steps(build_.context, three()).has_value());
  EXPECT_EQ(trace_, (std::vector<std::string>{"run a", "run b", "run provision", "clean provision",
                                              "clean b", "clean a"}));
}

TEST_F(Steps, AFailedStepIsCleanedUpToo) {
  const Result<void> result = run_steps(build_.context, three({internal("broken")}));
  EXPECT_EQ(result.error().message, "broken");
  EXPECT_EQ(trace_, (std::vector<std::string>{"run a", "run b", "clean b", "clean a"}));
}

TEST_F(Steps, AbortLeavesEverythingAndSaysSo) {
  build_.context.on_error = OnError::Abort;
  EXPECT_FALSE(run_steps(build_.context, three({internal("broken")})).has_value());
  EXPECT_EQ(trace_, (std::vector<std::string>{"run a", "run b"}));
  EXPECT_EQ(build_.ui.lines,
            (std::vector<std::string>{"err Step \"b\" failed, aborting...",
                                      "err aborted: skipping cleanup of step \"b\"",
                                      "err aborted: skipping cleanup of step \"a\""}));
}

TEST_F(Steps, AskRetriesTheStep) {
  build_.context.on_error = OnError::Ask;
  build_.context.ask = [](const std::string&) { return 'r'; };
  EXPECT_TRUE(run_steps(build_.context, three({internal("once")})).has_value());
  EXPECT_EQ(trace_[2], "clean b");
  EXPECT_EQ(trace_[3], "run b");
}

TEST_F(Steps, CancellationIsTheResult) {
  build_.cancel.cancel();
  EXPECT_EQ(run_steps(build_.context, three()).error().message, "Build was cancelled.");
  EXPECT_TRUE(trace_.empty());
}

/// Cancels the build while it runs, keeps a fact, and notes what its cleanup sees.
class Interrupted final : public Step {
 public:
  Interrupted(const CancelToken& build, bool fails, std::vector<std::string>& trace)
      : build_(build), fails_(fails), trace_(trace) {}
  std::string_view name() const override { return "interrupted"; }
  Result<void> run(BuildContext& context) override {
    context.guest_host = "10.0.0.7";
    build_.cancel();
    if (fails_) return context.cancel.check();
    return {};
  }
  Result<void> cleanup(BuildContext& context) override {
    trace_.push_back(context.cancel.cancelled() ? "stopped" : "goes on");
    trace_.push_back(context.guest_host);
    trace_.push_back(context.failure ? context.failure->message : "no failure");
    context.guest_host.clear();
    return {};
  }

 private:
  CancelToken build_;
  bool fails_;
  std::vector<std::string>& trace_;
};

TEST_F(Steps, CleanupOfACancelledBuildHasATokenOfItsOwn) {
  const Result<void> result =
      run_steps(build_.context, step_list(Interrupted(build_.cancel, true, trace_)));
  EXPECT_EQ(result.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(trace_, (std::vector<std::string>{"goes on", "10.0.0.7", "Build was cancelled."}));
  EXPECT_TRUE(build_.context.guest_host.empty());
  EXPECT_NE(build_.context.communicator, nullptr);
}

TEST_F(Steps, ABuildCancelledDuringItsLastStepHasNoResult) {
  const Result<void> result =
      run_steps(build_.context, step_list(Interrupted(build_.cancel, false, trace_)));
  EXPECT_EQ(result.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(trace_.back(), "Build was cancelled.");
}

TEST_F(Steps, RunCleanupProvisionerRunsOnlyThatCleanup) {
  build_.context.on_error = OnError::RunCleanupProvisioner;
  std::vector<StepPtr> steps = step_list(Traced("a", trace_), Traced("provision", trace_),
                                         Traced("shutdown", trace_, {internal("x")}));
  EXPECT_FALSE(run_steps(build_.context, steps).has_value());
  EXPECT_EQ(trace_.back(), "clean provision");
}

}  // namespace
}  // namespace farm::builders
