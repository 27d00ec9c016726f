// Measures a coordinator with thousands of agents and a long queue: what their syncs cost, its
// memory, how fast questions are answered, and how everything comes back after kill -9.
// Usage: bench_crowd [agents, default 10000] [jobs in the queue, 100000] [directory, /tmp]
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include "common/io/files.h"
#include "common/plan/plan.h"
#include "common/wire/codec.h"
#include "tests/bench/crowd/coordinator_process.h"
#include "tests/bench/crowd/crowd_worker.h"
#include "tests/bench/farm_cycles/farm_under_test.h"

namespace farm::bench {
namespace {

constexpr size_t kAgentsPerWorker = 2500;  // four descriptors each
constexpr size_t kJobsPerSubmit = 1000;
constexpr Duration kSteady = std::chrono::seconds(30);
constexpr Duration kLongest = std::chrono::minutes(10);
constexpr int kQuestions = 40;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

class CrowdBench {
 public:
  CrowdBench(size_t agents, size_t jobs, io::TempDirectory directory)
      : agents_(agents),
        jobs_(jobs),
        directory_(std::move(directory)),
        coordinator_(directory_.path() + "/data") {
    void* shared = ::mmap(nullptr, sizeof(CrowdCounters), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FARM_CHECK(shared != MAP_FAILED);
    counters_ = new (shared) CrowdCounters;
  }
  ~CrowdBench() {
    for (const pid_t pid : workers_) ::kill(pid, SIGKILL);
    for (const pid_t pid : workers_) ::waitpid(pid, nullptr, 0);
  }

  Result<void> run() {
    crowd_ = TRY(enroll_crowd(directory_.path() + "/data", agents_));
    TRY(coordinator_.start());
    start_workers();
    const double gathered = TRY(wait_until("all agents", [&] { return all_welcome(); }));
    std::printf("agents                 %8zu connected in %.1f s\n", agents_, gathered);
    TRY(submit_all());
    const double leased = TRY(wait_until(
        "all leases", [&] { return counters_->leases >= std::min(agents_, jobs_ + agents_); }));
    std::printf("leases                 %8zu handed out, %.1f s after the last submit\n", agents_,
                leased);
    TRY(measure_steady());
    TRY(measure_questions());
    return measure_restart();
  }

 private:
  void start_workers() {
    for (size_t first = 0; first < agents_; first += kAgentsPerWorker) {
      const size_t end = std::min(agents_, first + kAgentsPerWorker);
      const auto begin = crowd_.agents.begin();
      const CrowdPart part{coordinator_.control(), crowd_.server_key,
                           {begin + static_cast<std::ptrdiff_t>(first),
                            begin + static_cast<std::ptrdiff_t>(end)},
                           first};
      const pid_t pid = ::fork();
      if (pid == 0) run_crowd_worker(part, *counters_);
      workers_.push_back(pid);
    }
  }

  bool all_welcome() const { return counters_->welcomed >= agents_; }

  template <class Condition>
  Result<double> wait_until(const char* what, const Condition& condition) {
    const Instant start = clock_.now();
    while (!condition()) {
      if (counters_->failures > 0) return internal("an agent of the crowd failed");
      if (clock_.now() - start > kLongest) {
        return timed_out(std::string(what) + ": " + std::to_string(counters_->welcomed) +
                         " agents, " + std::to_string(counters_->leases) + " leases");
      }
      ::usleep(10'000);
    }
    return seconds(clock_.now() - start);
  }

  /// The administrator's line; a context of its own, made after the forks.
  net::Dealer& admin() {
    if (!admin_) {
      context_ = std::make_unique<net::ZmqContext>();
      admin_ = std::make_unique<net::Dealer>(*net::Dealer::connect(
          *context_, coordinator_.control(), crowd_.server_key, crowd_.admin));
    }
    return *admin_;
  }

  Result<void> submit_all() {
    plan::JobSpec spec;
    spec.builder.type = "null";
    const std::string encoded = plan::encode_job(spec);
    const Instant start = clock_.now();
    for (size_t done = 0; done < jobs_ + agents_; done += kJobsPerSubmit) {
      wire::Submit submit;
      submit.request = RequestId::random(random_);
      submit.template_name = "crowd.pkr.hcl";
      for (size_t i = 0; i < kJobsPerSubmit; ++i) {
        submit.jobs.push_back({"null.j" + std::to_string(done + i), encoded, {}});
      }
      TRY(admin().send(wire::encode(submit)));
      const wire::SubmitAck ack = TRY(expect<wire::SubmitAck>(admin(), std::chrono::minutes(2)));
      if (ack.error) return *ack.error;
      build_ = ack.build;
    }
    const double took = seconds(clock_.now() - start);
    std::printf("submits                %8.0f jobs/s, %zu jobs\n",
                static_cast<double>(jobs_ + agents_) / took, jobs_ + agents_);
    std::fflush(stdout);
    return {};
  }

  Result<void> measure_steady() {
    const double before = coordinator_.cpu_seconds();
    const uint64_t syncs = counters_->syncs;
    const Instant start = clock_.now();
    double longest = 0;
    while (clock_.now() - start < kSteady) {  // a question now and then: how long a round may take
      const double took = TRY(ask("version", {}));
      longest = std::max(longest, took);
      ::usleep(50'000);
    }
    const double time = seconds(clock_.now() - start);
    const double cpu = (coordinator_.cpu_seconds() - before) / time;
    std::printf("steady sync load       %8.0f syncs/s take %.0f %% of one core (aim 20 %%)\n",
                static_cast<double>(counters_->syncs - syncs) / time, cpu * 100);
    std::printf("memory                 %8.0f MiB, at most %.0f MiB (aim 600)\n",
                coordinator_.resident_mib(), coordinator_.peak_mib());
    std::printf("longest answer         %8.1f ms while %zu jobs wait: no scheduler pass is longer "
                "(aim 5)\n", longest * 1000, jobs_);
    std::fflush(stdout);
    return {};
  }

  /// Seconds until the answer.
  Result<double> ask(const std::string& what, std::map<std::string, std::string> arguments) {
    const wire::Query query{RequestId::random(random_), what, std::move(arguments)};
    const Instant start = clock_.now();
    TRY(admin().send(wire::encode(query)));
    while (true) {
      const wire::QueryReply reply = TRY(expect<wire::QueryReply>(admin()));
      if (reply.request != query.request) continue;
      if (reply.error) return *reply.error;
      last_answer_ = reply.json;
      return seconds(clock_.now() - start);
    }
  }

  Result<void> measure_questions() {
    TRY(ask("build", {{"build", build_.str()}}));
    // The last job of the last build is at the end of the queue.
    const std::string marker = "\"id\":\"";
    const size_t found = last_answer_.rfind(marker);
    if (found == std::string::npos) return internal("the build names no job");
    const size_t at = found + marker.size();
    const std::string job = last_answer_.substr(at, last_answer_.find('"', at) - at);
    std::vector<double> times;
    for (int i = 0; i < kQuestions; ++i) {
      times.push_back(TRY(ask("why", {{"job", job}})));
    }
    std::sort(times.begin(), times.end());
    std::printf("why                    %8.1f ms in the middle, %.1f ms at most (aim 100)\n",
                times[times.size() / 2] * 1000, times.back() * 1000);
    std::fflush(stdout);
    return {};
  }

  Result<void> measure_restart() {
    admin_.reset();
    const uint64_t held = counters_->leases;
    counters_->welcomed = 0;
    counters_->kept = 0;
    const Instant start = clock_.now();
    coordinator_.kill();
    TRY(coordinator_.start());
    TRY(ask("version", {}));
    const double serving = seconds(clock_.now() - start);
    TRY(wait_until("all agents back", [&] { return all_welcome(); }));
    const double back = seconds(clock_.now() - start);
    TRY(wait_until("all leases kept", [&] { return counters_->kept + counters_->lost >= held; }));
    std::printf("restart after kill -9  %8.1f s to serving (aim 3), %.1f s until all are back "
                "(aim 60); %llu of %llu leases kept, %llu lost\n",
                serving, back, static_cast<unsigned long long>(counters_->kept.load()),
                static_cast<unsigned long long>(held),
                static_cast<unsigned long long>(counters_->lost.load()));
    return {};
  }

  size_t agents_;
  size_t jobs_;
  io::TempDirectory directory_;
  CoordinatorProcess coordinator_;
  CrowdCounters* counters_ = nullptr;
  EnrolledCrowd crowd_;
  std::vector<pid_t> workers_;
  SystemClock clock_;
  SystemRandom random_;
  BuildId build_;
  std::string last_answer_;
  std::unique_ptr<net::ZmqContext> context_;
  std::unique_ptr<net::Dealer> admin_;
};

Result<void> run(size_t agents, size_t jobs, const std::string& parent) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < agents + 1000) {
      return unavailable("the hard limit of open files is too low for so many agents: " +
                         std::to_string(limit.rlim_cur));
    }
  }
  io::TempDirectory directory = TRY(io::TempDirectory::create(parent, "farm-crowd-"));
  return CrowdBench(agents, jobs, std::move(directory)).run();
}

}  // namespace
}  // namespace farm::bench

int main(int argc, char** argv) {
  if (argc == 6 && std::strcmp(argv[1], "--serve") == 0) {
    farm::bench::CoordinatorProcess::serve(argv[2], {argv[3], argv[4], argv[5]});
  }
  const size_t agents = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000;
  const size_t jobs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  if (agents == 0) {
    std::fprintf(stderr, "usage: bench_crowd [agents] [jobs] [directory]\n");
    return 2;
  }
  const auto done = farm::bench::run(agents, jobs, argc > 3 ? argv[3] : "/tmp");
  if (done) return 0;
  std::fprintf(stderr, "bench_crowd: %s\n", done.error().message.c_str());
  return 1;
}
