#include "agent/runner/provision_hook.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/runner/fake_components.h"

namespace farm::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ProvisionHookTest : public ::testing::Test {
 protected:
  // A provisioner that fails `failures` times, then succeeds.
  void add(const std::string& type, int failures) {
    // Shared with the factory: each try makes a new component.
    auto left = std::make_shared<int>(failures);
    build.registry.add_provisioner(type, [this, type, left] {
      return std::make_unique<ScriptedProvisioner>([this, type, left](builders::BuildContext&) {
        ran.push_back(type);
        if ((*left)-- > 0) return Result<void>(internal("exit " + std::to_string(*left)));
        return Result<void>();
      });
    });
    plan::ProvisionerSpec spec;
    spec.component = FakeBuild::component(type);
    build.job.provisioners.push_back(spec);
  }
  Result<void> run() {
    builders::BuildContext context = build.context();
    return hook.run(context);
  }

  FakeBuild build;
  std::vector<std::string> ran;
  ProvisionHook hook{build.job, build.setup,
                     [this](std::string_view step) { build.steps.emplace_back(step); }};
};

TEST_F(ProvisionHookTest, RunsInOrderAndStopsAtTheFirstError) {
  add("one", 0);
  add("two", 1);
  add("three", 0);
  const Result<void> done = run();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().message, "exit 0");
  EXPECT_EQ(ran, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(build.steps, (std::vector<std::string>{"provisioner one", "provisioner two"}));
}

TEST_F(ProvisionHookTest, RetriesAndReturnsTheFirstError) {
  struct Case {
    const char* name;
    int failures;
    int max_retries;
    bool ok;
    std::vector<std::string> lines;
  };
  const Case cases[] = {
      {"no retry needed", 0, 2, true, {}},
      {"second try", 1, 2, true,
       {"Provisioner failed with \"exit 0\", retrying with 2 trie(s) left"}},
      {"all used up", 9, 2, false,
       {"Provisioner failed with \"exit 8\", retrying with 2 trie(s) left",
        "Provisioner failed with \"exit 7\", retrying with 1 trie(s) left",
        "retry limit reached."}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    build.job.provisioners.clear();
    build.ui.lines.clear();
    add(c.name, c.failures);
    build.job.provisioners[0].max_retries = c.max_retries;
    const Result<void> done = run();
    EXPECT_EQ(done.has_value(), c.ok);
    if (!c.ok) {
      ASSERT_FALSE(done.has_value());
      EXPECT_EQ(done.error().message, "exit 8");
    }
    EXPECT_EQ(build.ui.lines, c.lines);
  }
}

TEST_F(ProvisionHookTest, ContinuesOnErrorWhenAsked) {
  add("one", 5);
  add("two", 0);
  build.job.provisioners[0].continue_on_error = true;
  EXPECT_TRUE(run().has_value());
  EXPECT_EQ(ran, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(build.ui.lines,
            (std::vector<std::string>{"Warning: Provisioner failed with \"exit 4\", but "
                                      "continue_on_error is set; continuing the build."}));
}

TEST_F(ProvisionHookTest, PausesAndSaysSo) {
  add("one", 0);
  build.job.provisioners[0].pause_before = milliseconds(10);
  EXPECT_TRUE(run().has_value());
  EXPECT_EQ(build.ui.lines,
            (std::vector<std::string>{"Pausing 10ms before the next provisioner..."}));
}

TEST_F(ProvisionHookTest, CancelsAProvisionerAtItsTimeout) {
  build.registry.add_provisioner("slow", [] {
    return std::make_unique<ScriptedProvisioner>([](builders::BuildContext& context) {
      context.generated["seen"] = value::Value::boolean(true);
      if (context.cancel.sleep(seconds(60))) return Result<void>();
      return context.cancel.check();
    });
  });
  plan::ProvisionerSpec spec;
  spec.component = FakeBuild::component("slow");
  spec.timeout = milliseconds(20);
  build.job.provisioners.push_back(spec);
  builders::BuildContext context = build.context();
  const Result<void> done = hook.run(context);
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::Timeout);
  EXPECT_TRUE(context.generated.contains("seen"));  // what it set came back
  EXPECT_EQ(build.ui.lines,
            (std::vector<std::string>{"Setting a 20ms timeout for the next provisioner...",
                                      "Cancelling provisioner after a timeout..."}));
}

TEST_F(ProvisionHookTest, DoesNotContinueACancelledBuild) {
  add("one", 0);
  build.cancel.cancel();
  const Result<void> done = run();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(ran.empty());
}

TEST_F(ProvisionHookTest, ErrorCleanupRunsItsOneProvisioner) {
  add("one", 0);
  bool tidied = false;
  build.registry.add_provisioner("tidy", [&tidied] {
    return std::make_unique<ScriptedProvisioner>([&](builders::BuildContext&) {
      tidied = true;
      return Result<void>();
    });
  });
  build.job.error_cleanup.emplace();
  build.job.error_cleanup->component = FakeBuild::component("tidy");
  builders::BuildContext context = build.context();
  EXPECT_TRUE(hook.run_error_cleanup(context, internal("first")).has_value());
  EXPECT_TRUE(tidied);
  EXPECT_TRUE(ran.empty());
}

TEST_F(ProvisionHookTest, UnknownTypeIsNamed) {
  plan::ProvisionerSpec spec;
  spec.component = FakeBuild::component("teleport");
  build.job.provisioners.push_back(spec);
  const Result<void> done = run();
  ASSERT_FALSE(done.has_value());
  EXPECT_NE(done.error().message.find("teleport"), std::string::npos);
}

TEST_F(ProvisionHookTest, GeneratedValuesHaveTheirNoValueForms) {
  builders::BuildContext context = build.context();
  GeneratedValues values = generated_values(context);
  EXPECT_EQ(values.at("ID").as_string(), "ERR_ID_NOT_IMPLEMENTED_BY_BUILDER");
  EXPECT_EQ(values.at("PackerHTTPAddr").as_string(), "ERR_HTTP_ADDR_NOT_IMPLEMENTED_BY_BUILDER");
  EXPECT_EQ(values.at("PackerRunUUID").as_string(), "run-1");
  context.http_ip = "10.0.2.2";
  context.http_port = 8123;
  context.generated["User"] = value::Value::string("root");
  values = generated_values(context);
  EXPECT_EQ(values.at("PackerHTTPAddr").as_string(), "10.0.2.2:8123");
  EXPECT_EQ(values.at("User").as_string(), "root");
}

}  // namespace
}  // namespace farm::agent
