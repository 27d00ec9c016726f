// The coordinator plans what is submitted itself, locked in: what farmctl claims does not count, and
// a template gets at nothing that did not come with it.
#include "common/plan/plan_record.h"
#include "common/wire/plan_record.h"
#include "tests/integration/server_fixture.h"

namespace farm::coordinator {
namespace {

using Kind = plan::PlanAnswer::Kind;

class PlanningTest : public CoordinatorServerTest {
 protected:
  void configure(ServerConfig& config) override {
    config.planner = FARM_BIN_DIR "/../libexec/farm/farm-planner";
  }
  void SetUp() override {
    CoordinatorServerTest::SetUp();
    admin_keys_ = enroll(first_token(), "client", "root");
    Client admin = control(admin_keys_);
    agent_keys_ = enroll(new_token(admin, "agent"), "agent", "kvm-a");
    ana_keys_ = enroll(new_token(admin, "submitter"), "client", "ana");
  }
  static plan::PlanRecord record_of(const std::string& text) {
    plan::PlanRecord record;
    record.path = "t.pkr.hcl";
    record.working_directory = "/home/ana";
    record.home_directory = "/home/ana";
    record.answers = {{Kind::TreeKind, "t.pkr.hcl", true, "f", "", {}},
                      {Kind::TreeRead, "t.pkr.hcl", true, text, "", {}}};
    return record;
  }
  static std::string with_local(const std::string& expression) {
    return "locals { x = " + expression +
           " }\nsource \"null\" \"x\" { communicator = \"none\" }\n"
           "build { sources = [\"null.x\"] }\n";
  }
  wire::Submit submission(const plan::PlanRecord& record) {
    wire::Submit submit;
    submit.request = RequestId::random(random_);
    submit.template_name = "t.pkr.hcl";
    plan::JobSpec forged;
    forged.display_name = "null.x";
    forged.builder.type = "file";
    submit.jobs = {{"null.x", plan::encode_job(forged), {}}};
    submit.plan_record = wire::encode_plan_record(record);
    return submit;
  }
  Error refusal_of(const wire::Submit& submit) {
    Client ana = control(ana_keys_);
    const Result<wire::SubmitAck> ack = ana.ask<wire::SubmitAck>(submit);
    if (!ack) return ack.error();
    EXPECT_TRUE(ack->error) << "taken";
    return ack->error.value_or(Error{});
  }
  std::string audit() {
    Client admin = control(admin_keys_);
    const Result<wire::QueryReply> reply = admin.ask<wire::QueryReply>(
        wire::Query{RequestId::random(random_), "audit", {}});
    return reply ? reply->json : reply.error().message;
  }

  net::CurveKeys admin_keys_, agent_keys_, ana_keys_;
};

TEST_F(PlanningTest, TheJobsOfTheTemplateCountNotThoseOfTheSubmission) {
  Client agent = control(agent_keys_);
  wire::Hello hello;
  hello.name = "kvm-a";
  hello.boot_id = "boot";
  hello.builders = {"null", "file"};
  agent.say(hello);
  Client ana = control(ana_keys_);
  const auto ack = ana.ask<wire::SubmitAck>(submission(record_of(with_local("1"))));
  ASSERT_TRUE(ack);
  ASSERT_FALSE(ack->error) << ack->error->message;
  const auto offer = agent.expect<wire::Offer>();
  ASSERT_TRUE(offer);
  const Result<plan::JobSpec> spec = plan::decode_job(offer->spec);
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->builder.type, "null") << "farmctl said file";
}

TEST_F(PlanningTest, WhatIsNotInTheRecordCannotBeRead) {
  for (const char* expression :
       {"file(\"/etc/farm/coordinator.hcl\")", "file(\"../../../../etc/passwd\")",
        "templatefile(\"/proc/self/environ\", {})", "fileset(\"/etc\", \"**\")",
        "filebase64(\"/var/lib/farm/coordinator/seal.key\")", "vault(\"a\", \"b\")"}) {
    SCOPED_TRACE(expression);
    const Error error = refusal_of(submission(record_of(with_local(expression))));
    EXPECT_EQ(error.code, ErrorCode::Denied);
    EXPECT_NE(error.message.find("not handed in"), std::string::npos) << error.message;
  }
  EXPECT_NE(audit().find("\"actor\":\"ana\",\"role\":\"submitter\",\"action\":\"submit\","
                         "\"subject\":\"t.pkr.hcl\",\"outcome\":\"denied\""),
            std::string::npos)
      << audit();
}

TEST_F(PlanningTest, ARecordCannotPointOutOfItsBundle) {
  for (const char* path : {"../../../etc/passwd", "/etc/passwd", "link", "absent"}) {
    SCOPED_TRACE(path);
    plan::PlanRecord record = record_of("");
    record.answers[1].bundle = path;
    wire::Submit submit = submission(record);
    submit.bundle = {{"link", "", 0, 0644, "elsewhere"}};
    EXPECT_NE(refusal_of(submit).message.find("no file of the bundle"), std::string::npos);
  }
}

TEST_F(PlanningTest, WithoutARecordOrWithAnotherTemplateItIsRefused) {
  wire::Submit none = submission(record_of(with_local("1")));
  none.plan_record.clear();
  EXPECT_EQ(refusal_of(none).code, ErrorCode::InvalidInput);
  wire::Submit noise = submission(record_of(with_local("1")));
  noise.plan_record = std::string(5000, 'x');
  EXPECT_NE(refusal_of(noise).message.find("does not verify"), std::string::npos);
  wire::Submit other = submission(record_of(with_local("1")));
  other.jobs[0].name = "file.other";
  EXPECT_EQ(refusal_of(other).code, ErrorCode::Conflict);
  const Error wrong = refusal_of(submission(record_of("source {")));
  EXPECT_EQ(wrong.code, ErrorCode::InvalidInput);
  EXPECT_NE(wrong.message.find("t.pkr.hcl:1"), std::string::npos) << wrong.message;
}

TEST_F(PlanningTest, BombsEndInARefusal) {
  // One stored file under many names.
  wire::Submit wide = submission(record_of(with_local("1")));
  for (int i = 0; i < 1000; ++i) {
    wide.bundle.push_back({"f" + std::to_string(i), std::string(64, 'a'), 1ULL << 30, 0644, ""});
  }
  EXPECT_EQ(refusal_of(wide).code, ErrorCode::Denied);
  // Expressions that multiply themselves.
  const std::string digits = "range(1000)";
  const Error expression = refusal_of(submission(record_of(
      with_local("[for a in " + digits + " : [for b in " + digits + " : [for c in " + digits +
                 " : \"${a}${b}${c}\"]]]"))));
  EXPECT_FALSE(expression.message.empty());
  std::string doubling = "locals {\n  a0 = \"0123456789abcdef\"\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "local.a" + std::to_string(i - 1);
    doubling += "  a" + std::to_string(i) + " = \"${" + before + "}${" + before + "}\"\n";
  }
  doubling += "}\nsource \"null\" \"x\" {}\nbuild { sources = [\"null.x\"] }\n";
  EXPECT_FALSE(refusal_of(submission(record_of(doubling))).message.empty());
  // The coordinator serves on.
  Client ana = control(ana_keys_);
  const auto ack = ana.ask<wire::SubmitAck>(submission(record_of(with_local("1"))));
  ASSERT_TRUE(ack);
  EXPECT_FALSE(ack->error);
}

}  // namespace
}  // namespace farm::coordinator
