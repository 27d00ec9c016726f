// A session over a recording transport, with a real supervisor and forked runners.
#include "agent/session/session.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "agent/upload/file_digests.h"
#include "common/artifact/bundle_manifest.h"
#include "common/io/digests.h"
#include "common/io/files.h"

namespace farm::agent {
namespace {

struct Recorder final : Transport {
  bool send(Lane, const wire::Message& message) override {
    sent.push_back(message);
    return true;
  }
  template <class T>
  const T* last() const {
    for (auto message = sent.rbegin(); message != sent.rend(); ++message) {
      if (const T* found = std::get_if<T>(&*message)) return found;
    }
    return nullptr;
  }
  std::vector<wire::Message> sent;
};

// Copies the bundle's file to an artifact.
int runner_body(const std::string& directory, ControlChannel) {
  const LeaseDirectory lease(directory);
  const Result<wire::Offer> offer = lease.offer();
  if (!offer || !io::write_file(lease.log(), "0123456789")) return 90;
  const Result<std::string> input = io::read_file(lease.work() + "/in/script.sh");
  if (!input || !io::write_file(lease.work() + "/out", *input)) return 91;
  const Result<FileDigests> digests = hash_for_upload(lease.work() + "/out", CancelToken());
  if (!digests || !save_digests(lease, *digests)) return 92;
  wire::JobResult result;
  result.ref = offer->ref;
  result.outcome = wire::Outcome::Succeeded;
  result.artifacts = {{"b", "i", "t", {{"out", digests->size, digests->sha256, false}}}};
  return lease.write_result(result, Durability::Volatile).has_value() ? 0 : 93;
}

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : directory_(*io::TempDirectory::create(::testing::TempDir(), "session")) {
    FARM_CHECK(io::make_directories(directory_.path() + "/leases").has_value());
    FARM_CHECK(io::make_directories(directory_.path() + "/cache").has_value());
    wire::Hello hello;
    hello.name = "a1";
    hello.slots = 1;
    session_ = std::make_unique<Session>(hello, directory_.path() + "/cache", transport_, clock_,
                                         random_);
    ZygoteOptions options;
    options.runner_main = runner_body;
    Result<Zygote> zygote = Zygote::fork_off(options);
    FARM_CHECK(zygote.has_value());
    auto supervisor = Supervisor::open({directory_.path() + "/leases", Durability::Volatile},
                                       *std::move(zygote), clock_, *session_);
    FARM_CHECK(supervisor.has_value());
    supervisor_ = *std::move(supervisor);
    session_->attach(*supervisor_);
    session_->connected();
    wire::Welcome welcome;
    welcome.sync_interval = std::chrono::hours(1);
    session_->received(welcome);
  }

  // Works until `T` was sent; the last one, or null after 30 s.
  template <class T>
  const T* until_sent() {
    const Instant deadline = clock_.now() + std::chrono::seconds(30);
    while (clock_.now() < deadline) {
      session_->work();
      if (const T* found = transport_.last<T>()) return found;
      EXPECT_TRUE(supervisor_->dispatch(std::chrono::milliseconds(10)).has_value());
    }
    return nullptr;
  }

  wire::Offer offer() {
    wire::Offer offer;
    offer.ref = {JobId::random(random_), Epoch{1, 1}};
    offer.job_name = "x";
    return offer;
  }

  void give(const std::string& bytes) {
    const wire::FetchBegin* begin = until_sent<wire::FetchBegin>();
    ASSERT_NE(begin, nullptr);
    EXPECT_EQ(begin->sha256, io::digest_hex(io::DigestKind::Sha256, bytes));
    const wire::FetchData data{begin->fetch, 0, bytes.size(), bytes};
    transport_.sent.clear();
    session_->received(data);
  }

  io::TempDirectory directory_;
  SystemClock clock_;
  SystemRandom random_;
  Recorder transport_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Supervisor> supervisor_;
};

TEST_F(SessionTest, CarriesAJobFromOfferToForgotten) {
  const std::string script = "#!/bin/sh\n";
  const std::string manifest = artifact::encode_bundle(
      {{"in/script.sh", io::digest_hex(io::DigestKind::Sha256, script), script.size(), 0755, ""}});
  wire::Offer job = offer();
  job.bundle = io::digest_hex(io::DigestKind::Sha256, manifest);
  session_->received(job);
  ASSERT_NE(transport_.last<wire::Accept>(), nullptr);
  give(manifest);
  give(script);

  const wire::UploadBegin* begin = until_sent<wire::UploadBegin>();
  ASSERT_NE(begin, nullptr);
  EXPECT_EQ(begin->size, script.size());
  ASSERT_EQ(begin->chunks.size(), 1U);
  const RequestId upload = begin->upload;
  session_->received(wire::UploadNeed{upload, {0}, 1U << 20});
  const wire::UploadChunk* chunk = until_sent<wire::UploadChunk>();
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ(chunk->bytes, script);
  ASSERT_NE(until_sent<wire::UploadEnd>(), nullptr);
  EXPECT_EQ(transport_.last<wire::JobResult>(), nullptr);  // not before the file is stored
  session_->received(wire::UploadDone{upload, true, {}});

  const wire::JobResult* result = until_sent<wire::JobResult>();
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->outcome, wire::Outcome::Succeeded);
  EXPECT_TRUE(result->artifacts.at(0).files.at(0).stored);
  const wire::LogData* log = until_sent<wire::LogData>();
  ASSERT_NE(log, nullptr);
  EXPECT_EQ(log->bytes, "0123456789");

  session_->received(wire::ResultAck{job.ref});
  EXPECT_TRUE(supervisor_->holds(job.ref));  // its log is not recorded yet
  session_->received(wire::LogAck{job.ref, 10});
  EXPECT_FALSE(supervisor_->holds(job.ref));
  EXPECT_TRUE(session_->idle());
}

TEST_F(SessionTest, SendsItsResultAgainAfterAReconnect) {
  wire::Offer job = offer();  // without a bundle the runner fails: no input
  session_->received(job);
  ASSERT_NE(until_sent<wire::JobResult>(), nullptr);
  transport_.sent.clear();
  session_->disconnected();
  session_->connected();
  const wire::Hello* hello = transport_.last<wire::Hello>();
  ASSERT_NE(hello, nullptr);
  ASSERT_EQ(hello->jobs.size(), 1U);
  EXPECT_EQ(hello->jobs[0].phase, wire::Phase::Finished);
  wire::Welcome welcome;
  welcome.verdicts = {{job.ref, wire::Verdict::Keep, 4}};
  session_->received(welcome);
  const wire::LogData* log = until_sent<wire::LogData>();
  ASSERT_NE(log, nullptr);
  EXPECT_EQ(log->offset, 4U);
  ASSERT_NE(until_sent<wire::JobResult>(), nullptr);
}

TEST_F(SessionTest, SendsALogAgainThatTheCoordinatorHasLost) {
  wire::Offer job = offer();
  session_->received(job);
  ASSERT_NE(until_sent<wire::LogData>(), nullptr);
  session_->received(wire::LogAck{job.ref, 10});
  transport_.sent.clear();
  session_->disconnected();
  session_->connected();
  wire::Welcome welcome;
  welcome.verdicts = {{job.ref, wire::Verdict::Keep, 3}};  // put back from a backup
  session_->received(welcome);
  const wire::LogData* log = until_sent<wire::LogData>();
  ASSERT_NE(log, nullptr);
  EXPECT_EQ(log->offset, 3U);
}

TEST_F(SessionTest, RefusesWhatItCannotDo) {
  struct Case {
    const char* name;
    std::function<void(wire::Offer&)> change;
    const char* reason;
  };
  const Case cases[] = {
      {"in place", [](wire::Offer& o) { o.options.in_place = true; }, "in place"},
      {"debug", [](wire::Offer& o) { o.options.debug = true; }, "terminal"},
      {"ask", [](wire::Offer& o) { o.options.on_error = "ask"; }, "terminal"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    wire::Offer job = offer();
    c.change(job);
    session_->received(job);
    const wire::Refuse* refuse = transport_.last<wire::Refuse>();
    ASSERT_NE(refuse, nullptr);
    EXPECT_EQ(refuse->ref, job.ref);
    EXPECT_NE(refuse->reason.find(c.reason), std::string::npos) << refuse->reason;
  }
  session_->received(wire::Drain{});
  session_->received(offer());
  EXPECT_EQ(transport_.last<wire::Refuse>()->reason, "the agent is draining");
}

TEST_F(SessionTest, ARevokedJobLeavesNothing) {
  wire::Offer job = offer();
  job.bundle = std::string(64, 'a');  // never comes
  session_->received(job);
  ASSERT_NE(until_sent<wire::FetchBegin>(), nullptr);
  session_->received(wire::Revoke{job.ref});
  const Instant deadline = clock_.now() + std::chrono::seconds(30);
  while (supervisor_->holds(job.ref) && clock_.now() < deadline) {
    ASSERT_TRUE(supervisor_->dispatch(std::chrono::milliseconds(10)).has_value());
  }
  EXPECT_FALSE(supervisor_->holds(job.ref));
  EXPECT_EQ(transport_.last<wire::JobResult>(), nullptr);
}

}  // namespace
}  // namespace farm::agent
