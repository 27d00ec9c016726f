// Real zygotes, real runners: every runner body here is forked.
#include "agent/supervisor/supervisor.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "agent/ledger/file_ledger.h"
#include "common/io/files.h"
#include "common/io/process.h"
#include "common/wire/log_record.h"

namespace farm::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Heard final : SupervisorEvents {
  void on_log(const wire::JobRef&, uint64_t bytes) override { log_bytes = bytes; }
  void on_phase(const wire::PhaseChange& change) override { steps.push_back(change.step); }
  void on_resource(const wire::ResourceEvent& event) override { resources.push_back(event); }
  void on_prompt(const wire::JobRef& ref, const std::string& text) override {
    prompts.push_back(text);
    if (supervisor != nullptr) supervisor->answer(ref, "r");
  }
  void on_finished(const wire::JobResult& result) override { results.push_back(result); }

  Supervisor* supervisor = nullptr;
  uint64_t log_bytes = 0;
  std::vector<std::string> steps;
  std::vector<wire::ResourceEvent> resources;
  std::vector<std::string> prompts;
  std::vector<wire::JobResult> results;
};

void write_log(const LeaseDirectory& lease, const std::string& text) {
  std::string bytes;
  wire::append_record(bytes, {WallTime{1}, wire::LogKind::Say, text});
  const Result<io::Fd> file = io::open_file(lease.log(), O_WRONLY | O_CREAT | O_APPEND);
  if (file) (void)io::write_all(file->get(), bytes).has_value();
}

volatile std::sig_atomic_t g_terminated = 0;
void on_term(int) { g_terminated = 1; }

// Removes what the ledger lists, unless a file says that the provider cannot be reached.
int reaper_body(const LeaseDirectory& lease) {
  write_log(lease, "reaping");
  if (io::exists(io::parent_path(lease.path()) + "/provider is down")) return 1;
  Result<FileLedger> ledger = FileLedger::open(lease.ledger());
  for (const OpenResource& resource : std::vector<OpenResource>(ledger->open_resources())) {
    (void)ledger->gone(resource.intent).has_value();
  }
  return 0;
}

// The job's name says what its runner does.
int runner_body(const std::string& directory, ControlChannel control) {
  const LeaseDirectory lease(directory);
  const Result<wire::Offer> offer = lease.offer();
  if (!offer) return 90;
  const std::string& what = offer->job_name;
  if (lease.reaping()) return reaper_body(lease);
  wire::JobResult result;
  result.ref = offer->ref;
  result.outcome = wire::Outcome::Succeeded;
  (void)io::write_file(lease.events(), event_line({offer->ref, wire::Phase::Running, what}))
      .has_value();
  write_log(lease, "this is " + what);
  (void)control.send({ControlMessage::Kind::Wake, {}}).has_value();
  if (what == "crash") ::raise(SIGSEGV);
  if (what == "exit 3") return 3;
  if (what == "ask") {
    const Result<std::string> answer = control.ask("retry?", CancelToken());
    result.error.message = answer.value_or("nobody");
  }
  if (what == "polite" || what == "stubborn") {
    std::signal(SIGTERM, what == "polite" ? on_term : SIG_IGN);
    (void)io::write_file(lease.file("ready"), "").has_value();
    while (g_terminated == 0) ::usleep(2000);
    result.outcome = wire::Outcome::Cancelled;
    result.error = cancelled("Build was cancelled.");
  }
  if (what == "artifact") {
    Result<FileLedger> ledger = FileLedger::open(lease.ledger());
    (void)ledger->keep(ledger->intend("proxmox-vm", "machine").value_or(0)).has_value();
  }
  if (what == "remains") {
    Result<FileLedger> ledger = FileLedger::open(lease.ledger());
    const uint64_t intent = ledger->intend("proxmox-vm", "machine").value_or(0);
    (void)ledger->bound(intent, "100").has_value();
    ::raise(SIGKILL);
  }
  if (what == "litter" || what == "kept litter") {
    Result<FileLedger> ledger = FileLedger::open(lease.ledger());
    const std::string path = directory + "/../litter";
    (void)ledger->intend("path", io::parent_path(directory) + "/litter").has_value();
    (void)io::write_file(path, "x").has_value();
    const pid_t child = ::fork();
    if (child == 0) {
      ::setsid();  // out of the group, as a daemon would
      ::execl("/bin/sleep", "sleep", "600", nullptr);
      ::_exit(1);
    }
    (void)io::write_file(directory + "/../child", io::process_identity(child)).has_value();
    if (what == "kept litter") (void)lease.mark_kept().has_value();
    ::raise(SIGKILL);
  }
  return lease.write_result(result, Durability::Volatile).has_value() ? 0 : 91;
}

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() : directory_(*io::TempDirectory::create(::testing::TempDir(), "sup")) {
    open();
  }

  void open() {
    ZygoteOptions options;
    options.runner_main = runner_body;
    Result<Zygote> zygote = Zygote::fork_off(options);
    FARM_CHECK(zygote.has_value());
    auto opened = Supervisor::open({directory_.path(), Durability::Volatile}, *std::move(zygote),
                                   clock_, heard_);
    FARM_CHECK(opened.has_value());
    supervisor_ = *std::move(opened);
    heard_.supervisor = supervisor_.get();
  }

  wire::JobRef start(const std::string& what, wire::Offer offer = {}) {
    offer.ref = {JobId::random(random_), Epoch{1, 1}};
    offer.job_name = what;
    EXPECT_TRUE(supervisor_->prepare(offer).has_value());
    EXPECT_TRUE(supervisor_->start(offer.ref).has_value());
    return offer.ref;
  }

  template <class Condition>
  bool until(Condition condition) {
    const Instant deadline = clock_.now() + seconds(30);
    while (!condition()) {
      if (clock_.now() > deadline) return false;
      EXPECT_TRUE(supervisor_->dispatch(milliseconds(20)).has_value());
    }
    return true;
  }
  bool until_finished(size_t count = 1) {
    return until([&] { return heard_.results.size() >= count; });
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  io::TempDirectory directory_;
  SystemClock clock_;
  SystemRandom random_;
  Heard heard_;
  std::unique_ptr<Supervisor> supervisor_;
};

TEST_F(SupervisorTest, RunsManyAndForgetsThem) {
  std::vector<wire::JobRef> refs;
  for (int i = 0; i < 20; ++i) refs.push_back(start("good"));
  ASSERT_TRUE(until_finished(20));
  for (const wire::JobResult& result : heard_.results) {
    EXPECT_EQ(result.outcome, wire::Outcome::Succeeded);
    EXPECT_GT(result.log_bytes, 0U);
  }
  EXPECT_EQ(heard_.steps.size(), 20U);
  EXPECT_EQ(supervisor_->active(), 0U);
  for (const wire::JobRef& ref : refs) EXPECT_TRUE(supervisor_->forget(ref).has_value());
  EXPECT_TRUE(supervisor_->inventory().empty());
  EXPECT_TRUE(io::list_files(directory_.path())->empty());
}

TEST_F(SupervisorTest, SaysHowARunnerCrashed) {
  struct Case {
    const char* what;
    const char* cause;
  };
  const Case cases[] = {{"crash", "was killed by signal 11 (SIGSEGV)"},
                        {"exit 3", "ended with exit code 3"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    heard_.results.clear();
    start(c.what);
    ASSERT_TRUE(until_finished());
    const Error& error = heard_.results[0].error;
    EXPECT_EQ(heard_.results[0].outcome, wire::Outcome::Failed);
    EXPECT_EQ(error.code, ErrorCode::Internal);
    EXPECT_TRUE(error.retryable);
    EXPECT_NE(error.message.find(c.cause), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(std::string("this is ") + c.what), std::string::npos);
  }
}

TEST_F(SupervisorTest, SweepsWhatACrashedRunnerLeft) {
  start("litter");
  ASSERT_TRUE(until_finished());
  EXPECT_FALSE(io::exists(path("litter")));
  ASSERT_EQ(heard_.resources.size(), 2U);
  EXPECT_EQ(heard_.resources[1].kind, wire::ResourceEvent::Kind::Gone);
  const std::string child = *io::read_file(path("child"));
  const pid_t pid = static_cast<pid_t>(std::strtol(child.c_str(), nullptr, 10));
  EXPECT_TRUE(until([&] { return io::process_identity(pid) != child; }));
}

TEST_F(SupervisorTest, HasRemainsAtAProviderReapedBeforeTheResult) {
  const wire::JobRef ref = start("remains");
  ASSERT_TRUE(until_finished());
  ASSERT_EQ(heard_.resources.size(), 3U);
  EXPECT_EQ(heard_.resources[2].kind, wire::ResourceEvent::Kind::Gone);
  const std::string& message = heard_.results[0].error.message;
  EXPECT_NE(message.find("SIGKILL"), std::string::npos) << message;
  EXPECT_EQ(supervisor_->reaping(), 0U);
  EXPECT_TRUE(supervisor_->forget(ref).has_value());
  EXPECT_TRUE(io::list_files(directory_.path())->empty());
}

TEST_F(SupervisorTest, LeavesTheArtifactOfASuccess) {
  const wire::JobRef ref = start("artifact");
  ASSERT_TRUE(until_finished());
  EXPECT_EQ(heard_.results[0].outcome, wire::Outcome::Succeeded);
  ASSERT_EQ(heard_.resources.size(), 2U);  // not removed, only no longer watched
  EXPECT_EQ(heard_.resources[1].kind, wire::ResourceEvent::Kind::Gone);
  EXPECT_TRUE(supervisor_->forget(ref).has_value());
  EXPECT_TRUE(io::list_files(directory_.path())->empty());
}

TEST_F(SupervisorTest, TheNextSupervisorReapsWhatCouldNotBeRemoved) {
  ASSERT_TRUE(io::write_file(path("provider is down"), "").has_value());
  const wire::JobRef ref = start("remains");
  ASSERT_TRUE(until_finished());  // reported all the same
  EXPECT_TRUE(supervisor_->forget(ref).has_value());
  EXPECT_TRUE(supervisor_->inventory().empty());
  EXPECT_EQ(supervisor_->orphans(), 1U);
  EXPECT_TRUE(io::exists(path(lease_name(ref))));
  ASSERT_TRUE(io::remove_file(path("provider is down")).has_value());
  supervisor_.reset();
  heard_ = {};
  open();
  EXPECT_EQ(supervisor_->reaping(), 1U);
  ASSERT_TRUE(until([&] { return supervisor_->orphans() == 0; }));
  EXPECT_FALSE(io::exists(path(lease_name(ref))));
  EXPECT_TRUE(heard_.results.empty());
  ASSERT_EQ(heard_.resources.size(), 3U);
  EXPECT_EQ(heard_.resources[2].kind, wire::ResourceEvent::Kind::Gone);
}

TEST_F(SupervisorTest, LeavesAloneWhatIsKeptOnPurpose) {
  start("kept litter");
  ASSERT_TRUE(until_finished());
  EXPECT_TRUE(io::exists(path("litter")));
  const std::string child = *io::read_file(path("child"));
  const pid_t pid = static_cast<pid_t>(std::strtol(child.c_str(), nullptr, 10));
  EXPECT_EQ(io::process_identity(pid), child);
  ::kill(pid, SIGKILL);
}

TEST_F(SupervisorTest, CancelsWithCleanupOrByForce) {
  struct Case {
    const char* what;
    Duration grace;
    const char* message;
  };
  const Case cases[] = {
      {"polite", seconds(60), "Build was cancelled."},
      {"stubborn", milliseconds(30),
       "Build was cancelled; it did not end in time and was killed."}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    heard_.results.clear();
    const wire::JobRef ref = start(c.what);
    const LeaseDirectory lease(path(lease_name(ref)));
    ASSERT_TRUE(until([&] { return io::exists(lease.file("ready")); }));
    supervisor_->cancel(ref, c.grace);
    ASSERT_TRUE(until_finished());
    EXPECT_EQ(heard_.results[0].outcome, wire::Outcome::Cancelled);
    EXPECT_EQ(heard_.results[0].error.message, c.message);
  }
}

TEST_F(SupervisorTest, CancelsALeaseThatNeverStarted) {
  wire::Offer offer;
  offer.ref = {JobId::random(random_), Epoch{1, 1}};
  ASSERT_TRUE(supervisor_->prepare(offer).has_value());
  EXPECT_EQ(supervisor_->prepare(offer).error().code, ErrorCode::Conflict);
  supervisor_->cancel(offer.ref, seconds(1));
  ASSERT_TRUE(until_finished());
  EXPECT_EQ(heard_.results[0].outcome, wire::Outcome::Cancelled);
}

TEST_F(SupervisorTest, EndsAJobThatExceedsItsLimits) {
  for (const bool silence : {false, true}) {
    SCOPED_TRACE(silence);
    heard_.results.clear();
    wire::Offer offer;
    (silence ? offer.silence_limit : offer.total_limit) = milliseconds(60);
    start("polite", offer);
    ASSERT_TRUE(until_finished());
    EXPECT_EQ(heard_.results[0].outcome, wire::Outcome::Failed);
    EXPECT_EQ(heard_.results[0].error.code, ErrorCode::Timeout);
  }
}

TEST_F(SupervisorTest, CarriesPromptsAndAnswers) {
  start("ask");
  ASSERT_TRUE(until_finished());
  EXPECT_EQ(heard_.prompts, std::vector<std::string>{"retry?"});
  EXPECT_EQ(heard_.results[0].error.message, "r");
}

TEST_F(SupervisorTest, ARestartedSupervisorTakesRunnersOver) {
  const wire::JobRef running = start("polite");
  const wire::JobRef done = start("good");
  const LeaseDirectory lease(path(lease_name(running)));
  ASSERT_TRUE(until([&] { return io::exists(lease.file("ready")); }));
  ASSERT_TRUE(until_finished());
  supervisor_.reset();  // its zygote ends too; the runner goes on
  heard_ = {};
  open();
  ASSERT_TRUE(until_finished());
  EXPECT_EQ(heard_.results[0].ref, done);
  EXPECT_EQ(heard_.results[0].outcome, wire::Outcome::Succeeded);
  EXPECT_EQ(supervisor_->active(), 1U);
  supervisor_->cancel(running, seconds(60));
  ASSERT_TRUE(until_finished(2));
  EXPECT_EQ(heard_.results[1].ref, running);
  EXPECT_EQ(heard_.results[1].outcome, wire::Outcome::Cancelled);
}

TEST_F(SupervisorTest, ARestartedSupervisorReportsLeasesWithoutARunner) {
  wire::Offer offer;
  offer.ref = {JobId::random(random_), Epoch{2, 3}};
  ASSERT_TRUE(supervisor_->prepare(offer).has_value());
  supervisor_.reset();
  open();
  ASSERT_TRUE(until_finished());
  EXPECT_EQ(heard_.results[0].outcome, wire::Outcome::Failed);
  EXPECT_TRUE(heard_.results[0].error.retryable);
  // The next one sees the same result, not a new one.
  const std::string message = heard_.results[0].error.message;
  supervisor_.reset();
  heard_ = {};
  open();
  ASSERT_TRUE(until_finished());
  EXPECT_EQ(heard_.results[0].error.message, message);
}

}  // namespace
}  // namespace farm::agent
