// Surveys by a real zygote: every answer here is written by a forked process.
#include <csignal>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/supervisor/supervisor.h"
#include "common/base/random.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

struct Heard final : SupervisorEvents {
  void on_log(const wire::JobRef&, uint64_t) override {}
  void on_phase(const wire::PhaseChange&) override {}
  void on_resource(const wire::ResourceEvent&) override {}
  void on_prompt(const wire::JobRef&, const std::string&) override {}
  void on_finished(const wire::JobResult&) override {}
  void on_survey(const wire::Survey& survey) override { surveys.push_back(survey); }

  std::vector<wire::Survey> surveys;
};

// Answers with what it was told to remove; dies when that is called "crash".
int surveyor_body(const std::string& directory, ControlChannel) {
  const SurveyDirectory survey(directory);
  const Result<wire::SurveyOrder> order = survey.order();
  if (!order) return 90;
  if (!order->remove.empty() && order->remove[0].name == "crash") ::raise(SIGSEGV);
  wire::Survey answer;
  answer.views.push_back({"proxmox", "pve", "root@pam", {}, {}, ""});
  answer.removed = order->remove;
  return survey.write_answer(answer).has_value() ? 0 : 91;
}

class SurveyTest : public ::testing::Test {
 protected:
  SurveyTest() : directory_(*io::TempDirectory::create(::testing::TempDir(), "survey")) {
    ZygoteOptions options;
    options.runner_main = surveyor_body;
    Result<Zygote> zygote = Zygote::fork_off(options);
    FARM_CHECK(zygote.has_value());
    auto opened = Supervisor::open({directory_.path(), Durability::Volatile}, *std::move(zygote),
                                   clock_, heard_);
    FARM_CHECK(opened.has_value());
    supervisor_ = *std::move(opened);
  }
  wire::SurveyOrder order(const std::string& name) {
    wire::MarkedThing thing;
    thing.name = name;
    return {RequestId::random(random_), {thing}};
  }
  bool until_heard(size_t count) {
    const Instant deadline = clock_.now() + std::chrono::seconds(30);
    while (heard_.surveys.size() < count && clock_.now() < deadline) {
      EXPECT_TRUE(supervisor_->dispatch(std::chrono::milliseconds(50)).has_value());
    }
    return heard_.surveys.size() == count;
  }

  io::TempDirectory directory_;
  SystemClock clock_;
  SeededRandom random_{1};
  Heard heard_;
  std::unique_ptr<Supervisor> supervisor_;
};

TEST_F(SurveyTest, EveryOrderIsAnsweredInTurn) {
  const wire::SurveyOrder first = order("a");
  const wire::SurveyOrder second = order("b");
  supervisor_->survey(first);
  supervisor_->survey({});  // nobody asked: one is enough
  supervisor_->survey(second);
  ASSERT_TRUE(until_heard(2));
  EXPECT_EQ(heard_.surveys[0].request, first.request);
  EXPECT_EQ(heard_.surveys[0].removed[0].name, "a");
  EXPECT_EQ(heard_.surveys[1].request, second.request);
  EXPECT_EQ(heard_.surveys[1].views[0].place, "pve");
  EXPECT_EQ(supervisor_->active(), 0U);
}

TEST_F(SurveyTest, OneThatDiesIsAnsweredToo) {
  const wire::SurveyOrder crash = order("crash");
  supervisor_->survey(crash);
  ASSERT_TRUE(until_heard(1));
  EXPECT_EQ(heard_.surveys[0].request, crash.request);
  EXPECT_EQ(heard_.surveys[0].removed[0].error, "the survey ended without an answer");
  supervisor_->survey(order("a"));
  ASSERT_TRUE(until_heard(2));
  EXPECT_EQ(heard_.surveys[1].removed[0].error, "");
}

}  // namespace
}  // namespace farm::agent
