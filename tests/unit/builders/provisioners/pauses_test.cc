#include <gtest/gtest.h>

#include "builders/core/registry.h"
#include "tests/support/fakes/fake_build.h"

namespace farm::builders {
namespace provisioner_breakpoint {
void register_component(Registry& registry);
}
namespace provisioner_sleep {
void register_component(Registry& registry);
}
namespace {

using value::Value;

class Pauses : public ::testing::Test {
 protected:
  Pauses() {
    provisioner_breakpoint::register_component(registry_);
    provisioner_sleep::register_component(registry_);
  }
  Result<void> run(const std::string& type, Value::Map options) {
    auto provisioner = std::move(*registry_.provisioner(type));
    const PrepareContext context{build_.inputs, build_.environment, "/", false, false};
    const Findings findings = provisioner->prepare(Value::object(std::move(options)), context);
    if (!findings.ok()) return invalid_input(findings.text());
    return provisioner->provision(build_.context);
  }
  Registry registry_;
  testing::FakeBuild build_{"/"};
};

TEST_F(Pauses, BreakpointWaitsForEnter) {
  std::string asked;
  build_.context.ask = [&](const std::string& prompt) {
    asked = prompt;
    return '\n';
  };
  ASSERT_TRUE(run("breakpoint", {{"note", Value::string("look here")}}));
  EXPECT_EQ(asked, "Press enter to continue.");
  EXPECT_EQ(build_.ui.lines, std::vector<std::string>{
                                 "say Pausing at breakpoint provisioner with note \"look here\"."});
}

TEST_F(Pauses, BreakpointIsRefusedWhereNobodyIs) {
  const Result<void> done = run("breakpoint", {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message,
            "breakpoint waits for Enter on a terminal, and there is none; set disable = true");
}

TEST_F(Pauses, ADisabledBreakpointGoesOn) {
  ASSERT_TRUE(run("breakpoint", {{"disable", Value::boolean(true)}}));
  EXPECT_EQ(build_.ui.lines,
            std::vector<std::string>{"say Breakpoint provisioner disabled; continuing..."});
}

TEST_F(Pauses, SleepLastsAndIsCutShortByCancelling) {
  const SystemClock clock;
  const Instant start = clock.now();
  ASSERT_TRUE(run("sleep", {{"duration", Value::string("20ms")}}));
  EXPECT_GE(clock.now() - start, std::chrono::milliseconds(20));
  build_.cancel.cancel();
  const Result<void> done = run("sleep", {{"duration", Value::string("1h")}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::Cancelled);
}

TEST_F(Pauses, SleepRefusesNegativeTimes) {
  EXPECT_FALSE(run("sleep", {{"duration", Value::string("-1s")}}));
}

}  // namespace
}  // namespace farm::builders
