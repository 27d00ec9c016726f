// Measures durable job cycles per second of a whole coordinator: offer and result are both synced
// before they leave. In the same run: what RocksDB and ZeroMQ with CURVE allow alone.
// Usage: bench_farm_cycles [seconds, default 10] [agents, 64] [backlog of jobs, 2000] [directory]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "coordinator/store/keys.h"
#include "coordinator/store/record.h"
#include "coordinator/store/rocks_store.h"
#include "tests/bench/farm_cycles/agent_crowd.h"
#include "tests/bench/farm_cycles/raw_limits.h"

namespace farm::bench {
namespace {

// What a cycle cannot do without: offer, accept, result and its acknowledgement travel; the job as
// offered and the job as ended are written.
constexpr double kMessagesPerCycle = 4;
constexpr size_t kRecordsPerCycle = 2;
constexpr Duration kWarmUp = std::chrono::seconds(1);

struct Settings {
  Duration time = std::chrono::seconds(10);
  CrowdOptions crowd;
  std::string parent = "/tmp";
};

struct Cycles {
  double per_second = 0;
  double per_batch = 0;
  std::string offer;
  std::string result;
};

/// A job record as the coordinator writes it when the job has ended.
std::string job_record() {
  SystemRandom random;
  coordinator::Job job;
  job.id = JobId::random(random);
  job.build = BuildId::random(random);
  job.name = "null.bench-100";
  job.needs.builder = "null";
  job.state = coordinator::JobState::Succeeded;
  job.artifacts = {{"packer.null", "null", "a null build has no artifact", {}}};
  coordinator::Attempt attempt;
  attempt.agent = AgentId::random(random);
  attempt.agent_name = "agent-10";
  job.attempts.push_back(attempt);
  return coordinator::encode_job_record(job);
}

/// How many batches the store in `directory` has ever synced.
Result<uint64_t> batches_in(const std::string& directory) {
  using coordinator::RocksStore;
  const auto store = TRY(RocksStore::open(directory, RocksStore::OnLoss::Refuse));
  const std::optional<std::string> bytes = TRY(store->get(coordinator::keys::meta("batch")));
  uint64_t number = 0;
  if (!bytes || bytes->size() != sizeof number) return corrupt("the store counts no batches");
  std::memcpy(&number, bytes->data(), sizeof number);
  return number;
}

Result<Cycles> measure_cycles(const Settings& settings) {
  const auto farm = TRY(FarmUnderTest::start(settings.parent));
  AgentCrowd crowd = TRY(AgentCrowd::gather(*farm, settings.crowd));
  TRY(crowd.work(kWarmUp));
  const SystemClock clock;
  const Instant start = clock.now();
  const uint64_t done = TRY(crowd.work(settings.time));
  const Duration took = clock.now() - start;
  farm->stop();
  // Enrolment wrote about three small batches per agent; they are not of the cycles.
  const uint64_t all = TRY(batches_in(farm->data()));
  const uint64_t batches = all - std::min<uint64_t>(all - 1, 3 * settings.crowd.agents);
  Cycles cycles;
  cycles.per_second = static_cast<double>(done) / std::chrono::duration<double>(took).count();
  cycles.per_batch = static_cast<double>(crowd.done()) / static_cast<double>(batches);
  cycles.offer = crowd.last_offer();
  cycles.result = crowd.last_result();
  return cycles;
}

Result<double> measure_store(const Settings& settings, size_t records_per_batch) {
  const auto directory = TRY(io::TempDirectory::create(settings.parent, "farm-figures-store-"));
  return measure_batches({directory.path() + "/store", job_record(), records_per_batch},
                         settings.time / 4);
}

Result<void> run(const Settings& settings) {
  const Cycles cycles = TRY(measure_cycles(settings));
  std::printf("job cycles             %8.0f /s   %zu agents, backlog %llu, %.1f cycles a batch\n",
              cycles.per_second, settings.crowd.agents,
              static_cast<unsigned long long>(settings.crowd.backlog), cycles.per_batch);
  std::fflush(stdout);
  const auto per_batch = static_cast<size_t>(std::max(1.0, cycles.per_batch + 0.5));
  const double batches = TRY(measure_store(settings, per_batch * kRecordsPerCycle));
  const double singles = TRY(measure_store(settings, 1));
  const double store = batches * static_cast<double>(per_batch);  // cycles
  std::printf("RocksDB, synced        %8.0f batches/s of %zu records (%zu bytes) = %.0f cycles/s\n",
              batches, per_batch * kRecordsPerCycle, job_record().size(), store);
  std::printf("RocksDB, synced        %8.0f records/s, one a batch\n", singles);
  const double trips = TRY(measure_round_trips(
      {cycles.result, cycles.offer, settings.crowd.agents}, settings.time / 4));
  const double wire = 2 * trips / kMessagesPerCycle;  // cycles
  std::printf("ZeroMQ, CURVE          %8.0f round trips/s (%zu bytes there, %zu back)"
              " = %.0f cycles/s\n",
              trips, cycles.result.size(), cycles.offer.size(), wire);
  const double both = 1 / (1 / store + 1 / wire);
  std::printf("both together allow    %8.0f cycles/s; the coordinator reaches %.2f of it\n", both,
              cycles.per_second / both);
  return {};
}

}  // namespace
}  // namespace farm::bench

int main(int argc, char** argv) {
  farm::bench::Settings settings;
  const auto number = [&](int at, unsigned long long otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  settings.time = std::chrono::seconds(number(1, 10));
  settings.crowd.agents = number(2, settings.crowd.agents);
  settings.crowd.backlog = number(3, settings.crowd.backlog);
  if (argc > 4) settings.parent = argv[4];
  if (settings.time.count() == 0 || settings.crowd.agents == 0) {
    std::fprintf(stderr, "usage: bench_farm_cycles [seconds] [agents] [backlog] [directory]\n");
    return 2;
  }
  const auto done = farm::bench::run(settings);
  if (done) return 0;
  std::fprintf(stderr, "bench_farm_cycles: %s\n", done.error().message.c_str());
  return 1;
}
