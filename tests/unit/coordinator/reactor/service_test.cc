// The service behind a transport of queues: rights, the outbox rule, submissions with bundles, logs,
// subscriptions, commands, enrolment.
#include "coordinator/reactor/service.h"

#include <gtest/gtest.h>

#include "common/io/digests.h"
#include "coordinator/store/memory_store.h"

namespace farm::coordinator {
namespace {

class QueueTransport final : public Transport {
 public:
  Result<void> send(const Outgoing& outgoing) override {
    if (full) return timed_out("full");
    sent.push_back(outgoing);
    return {};
  }
  template <class M>
  std::vector<M> take(const Peer& peer) {
    std::vector<M> found;
    for (auto it = sent.begin(); it != sent.end();) {
      const M* message = it->to == peer ? std::get_if<M>(&it->message) : nullptr;
      if (message != nullptr) found.push_back(*message);
      it = message != nullptr ? sent.erase(it) : it + 1;
    }
    return found;
  }
  std::vector<Outgoing> sent;
  bool full = false;
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() : committer_(store_), access_(*AccessTable::load({})) {
    service_ = std::make_unique<Service>(
        ServiceParts{store_, committer_, *access_, transport_, clock_, random_,
                     [](std::string_view spec) -> Result<JobNeeds> {
                       if (spec == "bad") return corrupt("no spec");
                       return JobNeeds{std::string(spec), {}, {}, {}};
                     },
                     "1.0", "server-key"},
        Policy(), 1);
    EXPECT_TRUE(service_->load());
    ana_ = enroll(Role::Submitter, "ana");
    admin_ = enroll(Role::Admin, "root");
    viewer_ = enroll(Role::Viewer, "eve");
    agent_ = enroll(Role::Agent, "a1");
  }
  Peer enroll(Role role, const std::string& name) {
    WallTime expires = clock_.wall();
    expires.nanos += 1'000'000'000;
    const auto token = access_->create_token(role, "", {}, expires, random_);
    const std::string key = "key-of-" + name;
    const Peer stranger{Lane::Enroll, "r-" + name, key};
    service_->handle({stranger, wire::Enroll{token.secret, key, name, role_name(role), {}}});
    service_->end_round();
    const auto replies = transport_.take<wire::EnrollReply>(stranger);
    EXPECT_EQ(replies.size(), 1U);
    EXPECT_FALSE(replies[0].error) << replies[0].error->message;
    EXPECT_EQ(replies[0].server_key, "server-key");
    return {Lane::Control, "r-" + name, replies[0].id};
  }
  void say(const Peer& peer, wire::Message message) {
    service_->handle({peer, std::move(message)});
    service_->end_round();
  }
  wire::Submit submission(size_t jobs) {
    wire::Submit submit;
    submit.request = RequestId::random(random_);
    submit.template_name = "t.pkr.hcl";
    for (size_t i = 0; i < jobs; ++i) {
      submit.jobs.push_back({"null.j" + std::to_string(i), "null", {}});
    }
    return submit;
  }
  void agent_hello() {
    wire::Hello hello;
    hello.boot_id = "b";
    hello.builders = {"null"};
    hello.slots = 4;
    say(agent_, hello);
  }
  wire::QueryReply ask(const Peer& peer, const std::string& what, Arguments arguments = {}) {
    say(peer, wire::Query{RequestId::random(random_), what, std::move(arguments)});
    return transport_.take<wire::QueryReply>(peer).at(0);
  }
  wire::QueryReply order(const Peer& peer, const std::string& what, Arguments arguments) {
    say(peer, wire::Command{RequestId::random(random_), what, std::move(arguments)});
    return transport_.take<wire::QueryReply>(peer).at(0);
  }

  ManualClock clock_;
  SeededRandom random_{11};
  MemoryStore store_;
  InlineCommitter committer_;
  QueueTransport transport_;
  std::unique_ptr<AccessTable> access_;
  std::unique_ptr<Service> service_;
  Peer ana_, admin_, viewer_, agent_;
};

TEST_F(ServiceTest, ABuildGoesFromSubmitToSuccess) {
  agent_hello();
  EXPECT_EQ(transport_.take<wire::Welcome>(agent_).size(), 1U);
  say(ana_, submission(1));
  const auto acks = transport_.take<wire::SubmitAck>(ana_);
  ASSERT_EQ(acks.size(), 1U);
  ASSERT_FALSE(acks[0].error) << acks[0].error->message;
  const auto offers = transport_.take<wire::Offer>(agent_);
  ASSERT_EQ(offers.size(), 1U);
  EXPECT_EQ(offers[0].bundle.size(), 64U);
  say(agent_, wire::Accept{offers[0].ref});
  wire::JobResult result;
  result.ref = offers[0].ref;
  result.outcome = wire::Outcome::Succeeded;
  result.manifest = R"({"builds":[{"name":"j0","builder_type":"null"}],"last_run_uuid":"u"})";
  say(agent_, result);
  EXPECT_EQ(transport_.take<wire::ResultAck>(agent_).size(), 1U);
  const wire::QueryReply reply = ask(viewer_, "build", {{"build", acks[0].build.str()}});
  EXPECT_NE(reply.json.find("\"state\":\"succeeded\""), std::string::npos) << reply.json;
  const wire::QueryReply manifest = ask(ana_, "manifest", {{"build", "@last"}});
  EXPECT_NE(manifest.json.find("\"builder_type\": \"null\""), std::string::npos);
}

TEST_F(ServiceTest, AFailedStoreDecidesNothingAndShowsOnlyWhatIsDurable) {
  agent_hello();
  say(ana_, submission(1));
  const BuildId kept = transport_.take<wire::SubmitAck>(ana_).at(0).build;
  const wire::Offer offer = transport_.take<wire::Offer>(agent_).at(0);
  store_.fail_next(1, unavailable("disk full"));
  say(ana_, submission(1));
  EXPECT_EQ(transport_.take<wire::SubmitAck>(ana_).at(0).error->code, ErrorCode::Unavailable);
  EXPECT_TRUE(service_->read_only());
  EXPECT_EQ(service_->state().queue.builds().size(), 1U);

  say(ana_, submission(1));
  const auto refused = transport_.take<wire::SubmitAck>(ana_);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].error->message, "the coordinator is read-only at present: disk full");
  EXPECT_EQ(order(admin_, "token-create", {}).error->code, ErrorCode::Unavailable);
  transport_.sent.clear();
  say(agent_, wire::Accept{offer.ref});
  EXPECT_TRUE(transport_.sent.empty());
  clock_.advance(std::chrono::hours(2));
  service_->end_round();
  EXPECT_EQ(service_->state().queue.job(offer.ref.job)->state, JobState::Offered);

  const wire::QueryReply version = ask(viewer_, "version");
  EXPECT_NE(version.json.find("\"state\":\"read_only\""), std::string::npos);
  const wire::QueryReply builds = ask(viewer_, "builds");
  EXPECT_NE(builds.json.find(kept.str()), std::string::npos);
  EXPECT_NE(builds.json.find("\"read_only\":\"disk full\""), std::string::npos);
  EXPECT_NE(ask(viewer_, "agents").json.find("\"state\":\"ready\""), std::string::npos);
}

TEST_F(ServiceTest, ADamagedFileIsShownInItsBuildUntilItComesAgain) {
  agent_hello();
  say(ana_, submission(1));
  const BuildId build = transport_.take<wire::SubmitAck>(ana_).at(0).build;
  const wire::Offer offer = transport_.take<wire::Offer>(agent_).at(0);
  say(agent_, wire::Accept{offer.ref});
  const std::string sha256(64, 'd');
  service_->file_stored({agent_, RequestId::random(random_), sha256, StoredFile{4, 0, {}, "disk"}});
  service_->end_round();
  wire::JobResult result;
  result.ref = offer.ref;
  result.outcome = wire::Outcome::Succeeded;
  result.artifacts.emplace_back();
  result.artifacts[0].files = {{"disk", 4, sha256, true}};
  say(agent_, result);
  const auto damaged = [&] {
    return ask(viewer_, "build", {{"build", build.str()}}).json.find("\"damaged\":true") !=
           std::string::npos;
  };
  EXPECT_FALSE(damaged());
  service_->files_damaged({sha256});
  EXPECT_TRUE(damaged());
  service_->file_stored({agent_, RequestId::random(random_), sha256, StoredFile{4, 0, {}, "disk"}});
  EXPECT_FALSE(damaged());
}

TEST_F(ServiceTest, RolesAreKept) {
  say(viewer_, submission(1));
  EXPECT_EQ(transport_.take<wire::SubmitAck>(viewer_).at(0).error->code, ErrorCode::Denied);
  EXPECT_EQ(order(ana_, "token-create", {}).error->message,
            "this needs the role admin, you have submitter");
  say(ana_, wire::Hello{});
  EXPECT_EQ(transport_.take<wire::ProtocolError>(ana_).at(0).error.code, ErrorCode::Denied);
  const Peer stranger{Lane::Control, "r", "nobody"};
  say(stranger, submission(1));
  EXPECT_EQ(transport_.take<wire::ProtocolError>(stranger).at(0).error.code, ErrorCode::Denied);
  EXPECT_EQ(ask(agent_, "builds").error->code, ErrorCode::Denied);
}

TEST_F(ServiceTest, ARevokedAgentLosesItsJobsAtOnce) {
  agent_hello();
  say(ana_, submission(1));
  const wire::Offer offer = transport_.take<wire::Offer>(agent_).at(0);
  say(agent_, wire::Accept{offer.ref});
  EXPECT_FALSE(order(admin_, "revoke", {{"name", "a1"}}).error);
  EXPECT_EQ(service_->state().queue.job(offer.ref.job)->state, JobState::RetryWait);
  say(agent_, wire::PhaseChange{offer.ref, wire::Phase::Running, "x"});
  EXPECT_EQ(transport_.take<wire::ProtocolError>(agent_).size(), 1U);
  EXPECT_EQ(service_->take_revoked(), std::vector<std::string>{agent_.user});
}

TEST_F(ServiceTest, WhatPeopleDoIsAuditedInTheSameBatch) {
  const auto lines = [&] {
    const wire::QueryReply reply = ask(admin_, "audit");
    EXPECT_FALSE(reply.error);
    return reply.json;
  };
  EXPECT_NE(lines().find("\"action\":\"enroll\""), std::string::npos);
  say(ana_, submission(1));
  say(viewer_, submission(1));
  order(ana_, "token-create", {});
  order(admin_, "revoke", {{"name", "eve"}});
  const std::string text = lines();
  EXPECT_NE(text.find("\"actor\":\"ana\",\"role\":\"submitter\",\"action\":\"submit\""),
            std::string::npos);
  EXPECT_NE(text.find("\"actor\":\"eve\",\"role\":\"viewer\",\"action\":\"submit\","
                      "\"subject\":\"t.pkr.hcl\",\"outcome\":\"denied\""),
            std::string::npos) << text;
  EXPECT_NE(text.find("\"subject\":\"name eve\",\"outcome\":\"done\""), std::string::npos);
  EXPECT_EQ(ask(ana_, "audit").error->code, ErrorCode::Denied);
}

TEST_F(ServiceTest, ARepeatedSubmitIsAuditedOnce) {
  const wire::Submit submit = submission(1);
  say(ana_, submit);
  const std::string once = ask(admin_, "audit").json;
  say(ana_, submit);
  EXPECT_EQ(ask(admin_, "audit").json, once);
}

TEST_F(ServiceTest, APersonWhoAsksTooMuchIsTurnedAway) {
  for (int i = 0; i < 3000; ++i) {
    service_->handle({viewer_, wire::Query{RequestId::random(random_), "version", {}}});
  }
  const auto refusals = transport_.take<wire::ProtocolError>(viewer_);
  EXPECT_GE(refusals.size(), 900U);
  EXPECT_EQ(refusals.at(0).error.code, ErrorCode::Unavailable);
  EXPECT_FALSE(ask(ana_, "version").error) << "others are served";
  clock_.advance(std::chrono::seconds(10));
  service_->handle({viewer_, wire::Query{RequestId::random(random_), "version", {}}});
  EXPECT_TRUE(transport_.take<wire::ProtocolError>(viewer_).empty());
}

TEST_F(ServiceTest, ABackupIsForAdministratorsAndIsAnsweredWhenMade) {
  EXPECT_EQ(order(ana_, "backup", {}).error->code, ErrorCode::Denied);
  EXPECT_EQ(order(admin_, "backup", {{"name", "../x"}}).error->code, ErrorCode::InvalidInput);
  say(admin_, wire::Command{RequestId::random(random_), "backup", {{"name", "nightly"}}});
  EXPECT_TRUE(transport_.take<wire::QueryReply>(admin_).empty());
  const std::vector<BackupOrder> orders = service_->take_backups();
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].name, "nightly");
  service_->backup_made(orders[0], std::string("/data/backups/nightly"));
  service_->end_round();
  EXPECT_EQ(transport_.take<wire::QueryReply>(admin_).at(0).json,
            "{\"backup\":\"nightly\",\"directory\":\"/data/backups/nightly\"}");
}

TEST_F(ServiceTest, ABundleFileMustBeThere) {
  wire::Submit submit = submission(1);
  const std::string sha256 = io::digest_hex(io::DigestKind::Sha256, "x");
  submit.bundle = {{"t.pkr.hcl", sha256, 1, 0644, ""}};
  say(ana_, submit);
  EXPECT_EQ(transport_.take<wire::SubmitAck>(ana_).at(0).error->message,
            "the bundle file t.pkr.hcl was not uploaded");
  service_->file_stored({ana_, RequestId::random(random_), sha256, StoredFile{1, 0, {}, "x"}});
  service_->end_round();
  EXPECT_TRUE(transport_.take<wire::UploadDone>(ana_).at(0).ok);
  say(ana_, submit);
  EXPECT_FALSE(transport_.take<wire::SubmitAck>(ana_).at(0).error);
  submit.request = RequestId::random(random_);
  submit.bundle[0].path = "../etc/passwd";
  say(ana_, submit);
  EXPECT_EQ(transport_.take<wire::SubmitAck>(ana_).at(0).error->code, ErrorCode::InvalidInput);
}

TEST_F(ServiceTest, SuccessNeedsItsStoredFiles) {
  agent_hello();
  say(ana_, submission(1));
  const wire::Offer offer = transport_.take<wire::Offer>(agent_).at(0);
  say(agent_, wire::Accept{offer.ref});
  wire::JobResult result;
  result.ref = offer.ref;
  result.outcome = wire::Outcome::Succeeded;
  result.artifacts = {{"b", "i", "t", {{"disk", 1, std::string(64, 'a'), true}}}};
  say(agent_, result);
  const Job& job = *service_->state().queue.job(offer.ref.job);
  EXPECT_EQ(job.state, JobState::RetryWait);
  EXPECT_EQ(job.attempts[0].end, AttemptEnd::UploadIncomplete);
}

TEST_F(ServiceTest, FollowersGetStatesLogsAndTheEndAlsoWhenTheyAreSlow) {
  agent_hello();
  say(ana_, submission(1));
  const BuildId build = transport_.take<wire::SubmitAck>(ana_).at(0).build;
  const wire::Offer offer = transport_.take<wire::Offer>(agent_).at(0);
  wire::Subscribe subscribe;
  subscribe.request = RequestId::random(random_);
  subscribe.build = build;
  subscribe.logs = true;
  say(viewer_, subscribe);
  EXPECT_EQ(transport_.take<wire::BuildEvent>(viewer_).at(0).state, "offered");
  const Peer bulk{Lane::Bulk, "rb", agent_.user};
  say(bulk, wire::LogData{offer.ref, 0, "hello "});
  EXPECT_EQ(transport_.take<wire::LogAck>(bulk).at(0).offset, 6U);
  transport_.full = true;
  say(bulk, wire::LogData{offer.ref, 6, "world"});
  say(bulk, wire::LogData{offer.ref, 99, "gap"});
  transport_.full = false;
  service_->end_round();
  std::string log;
  for (const auto& chunk : transport_.take<wire::LogChunk>(viewer_)) log += chunk.bytes;
  EXPECT_EQ(log, "hello world");
  wire::JobResult result;
  result.ref = offer.ref;
  result.outcome = wire::Outcome::Failed;
  result.error = invalid_input("broken");
  say(agent_, result);
  const auto events = transport_.take<wire::BuildEvent>(viewer_);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].state, "failed");
  EXPECT_TRUE(events[1].last);
  EXPECT_EQ(events[1].state, "failed");
}

TEST_F(ServiceTest, LogsOfOthersJobsAreRefused) {
  agent_hello();
  say(ana_, submission(1));
  const wire::Offer offer = transport_.take<wire::Offer>(agent_).at(0);
  const Peer other = enroll(Role::Agent, "a2");
  say(other, wire::LogData{offer.ref, 0, "lies"});
  EXPECT_EQ(transport_.take<wire::ProtocolError>(other).size(), 1U);
  EXPECT_EQ(*store_.log_length(offer.ref), 0U);
}

TEST_F(ServiceTest, ARestartedCoordinatorGoesOn) {
  agent_hello();
  say(ana_, submission(1));
  const wire::Offer offer = transport_.take<wire::Offer>(agent_).at(0);
  say(agent_, wire::Accept{offer.ref});
  InlineCommitter committer(store_);
  Service again(ServiceParts{store_, committer, *access_, transport_, clock_, random_,
                             [](std::string_view) -> Result<JobNeeds> { return JobNeeds{}; },
                             "1.0", "k"},
                Policy(), 1);
  ASSERT_TRUE(again.load());
  again.handle({agent_, wire::Sync{{{offer.ref, wire::Phase::Running, 0}}, 0, 0}});
  again.end_round();
  EXPECT_EQ(transport_.take<wire::Restarting>(agent_).size(), 1U);
  EXPECT_EQ(transport_.take<wire::SyncAck>(agent_).at(0).verdicts.at(0).verdict,
            wire::Verdict::Keep);
  EXPECT_EQ(again.state().queue.job(offer.ref.job)->state, JobState::Running);
}

TEST_F(ServiceTest, CancelIsForOnesOwnBuilds) {
  say(ana_, submission(1));
  const BuildId build = transport_.take<wire::SubmitAck>(ana_).at(0).build;
  const Peer ben = enroll(Role::Submitter, "ben");
  EXPECT_EQ(order(ben, "cancel", {{"build", build.str()}}).error->code, ErrorCode::Denied);
  EXPECT_EQ(order(ana_, "cancel", {{"build", build.brief()}}).json,
            "{\"build\":\"" + build.str() + "\",\"state\":\"cancelled\"}");
}

}  // namespace
}  // namespace farm::coordinator
