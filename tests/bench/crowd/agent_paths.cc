// Measures what one agent sees of a coordinator: the time from a submit to the lease at an idle
// agent, and how fast logs become durable; beside a round trip, a synced batch and a plain file.
// Usage: bench_agent_paths [submits, default 500] [MiB of logs, 512] [directory, /tmp]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>

#include "common/plan/plan.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/rocks_store.h"
#include "tests/bench/farm_cycles/farm_under_test.h"
#include "tests/bench/farm_cycles/raw_limits.h"

namespace farm::bench {
namespace {

constexpr size_t kLogAgents = 4;
constexpr uint64_t kPiece = 256U << 10;   // as agents send them
constexpr uint64_t kWindow = 2U << 20;
constexpr Duration kSilence = std::chrono::seconds(60);

double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

struct LogStream {
  wire::JobRef ref;
  std::optional<net::Dealer> control;
  std::optional<net::Dealer> bulk;
  uint64_t sent = 0;
  uint64_t acked = 0;
};

class PathBench {
 public:
  PathBench(size_t submits, uint64_t mebibytes, std::string parent)
      : submits_(submits), mebibytes_(mebibytes), parent_(std::move(parent)) {}

  Result<void> run() {
    plan::JobSpec spec;
    spec.builder.type = "null";
    spec_ = plan::encode_job(spec);
    TRY(measure_leases());
    TRY(measure_logs());
    return {};
  }

 private:
  Result<net::Dealer> agent(FarmUnderTest& farm, const net::CurveKeys& keys,
                            const std::string& name) {
    net::Dealer dealer = TRY(farm.control(keys));
    wire::Hello hello;
    hello.name = name;
    hello.boot_id = "boot";
    hello.builders = {"null"};
    TRY(dealer.send(wire::encode(hello)));
    TRY(expect<wire::Welcome>(dealer));
    return dealer;
  }

  wire::Submit submission() {
    wire::Submit submit;
    submit.request = RequestId::random(random_);
    submit.template_name = "bench.pkr.hcl";
    submit.jobs = {{"null.x", spec_, {}}};
    return submit;
  }

  Result<void> measure_leases() {
    const auto farm = TRY(FarmUnderTest::start(parent_));
    const net::CurveKeys keys = TRY(farm->enroll("agent", "idle"));
    net::Dealer idle = TRY(agent(*farm, keys, "idle"));
    net::Dealer submitter = TRY(farm->control(farm->admin()));
    std::vector<double> times;
    std::string offer_frame;
    std::string result_frame;
    for (size_t i = 0; i < submits_; ++i) {
      const Instant start = clock_.now();
      TRY(submitter.send(wire::encode(submission())));
      const wire::Offer offer = TRY(expect<wire::Offer>(idle));
      times.push_back(in_seconds(clock_.now() - start));
      TRY(idle.send(wire::encode(wire::Accept{offer.ref})));
      wire::JobResult result;
      result.ref = offer.ref;
      result.outcome = wire::Outcome::Succeeded;
      result_frame = wire::encode(result);
      offer_frame = wire::encode(offer);
      TRY(idle.send(result_frame));
      TRY(expect<wire::ResultAck>(idle));
      TRY(expect<wire::SubmitAck>(submitter));
    }
    farm->stop();
    std::sort(times.begin(), times.end());
    const auto at = [&](double part) {
      return times[static_cast<size_t>(part * static_cast<double>(times.size() - 1))] * 1000;
    };
    std::printf("submit to lease        %8.2f ms p50, %.2f ms p99 (aim 25), %.2f ms at most, %zu "
                "submits\n", at(0.5), at(0.99), at(1), times.size());
    const double trips =
        TRY(measure_round_trips({result_frame, offer_frame, 1}, std::chrono::seconds(2)));
    const auto directory = TRY(io::TempDirectory::create(parent_, "farm-figures-store-"));
    const double batches = TRY(measure_batches(
        {directory.path() + "/store", std::string(500, 'x'), 3}, std::chrono::seconds(2)));
    std::printf("  raw                  %8.2f ms round trip (CURVE), %.2f ms synced batch\n",
                1000 / trips, 1000 / batches);
    std::fflush(stdout);
    return {};
  }

  Result<void> measure_logs() {
    const auto farm = TRY(FarmUnderTest::start(parent_));
    net::Dealer submitter = TRY(farm->control(farm->admin()));
    std::vector<LogStream> streams(kLogAgents);
    for (size_t i = 0; i < kLogAgents; ++i) {
      const std::string name = "writer-" + std::to_string(i);
      const net::CurveKeys keys = TRY(farm->enroll("agent", name));
      net::Dealer control = TRY(agent(*farm, keys, name));
      net::Dealer bulk = TRY(farm->bulk(keys));
      TRY(submitter.send(wire::encode(submission())));
      TRY(expect<wire::SubmitAck>(submitter));
      const wire::Offer offer = TRY(expect<wire::Offer>(control));
      TRY(control.send(wire::encode(wire::Accept{offer.ref})));
      streams[i] = {offer.ref, std::move(control), std::move(bulk), 0, 0};
    }
    const uint64_t each = (mebibytes_ << 20) / kLogAgents;
    const std::string piece(kPiece, 'l');
    const Instant start = clock_.now();
    Instant heard = start;
    bool open = true;
    while (open) {
      if (clock_.now() - heard > kSilence) return timed_out("the logs stand still");
      open = false;
      std::vector<const net::ZmqSocket*> sockets;
      for (LogStream& stream : streams) {
        sockets.push_back(&*stream.bulk);
        open = open || stream.acked < each;
        while (stream.sent < each && stream.sent - stream.acked < kWindow) {
          TRY(stream.bulk->send(wire::encode(wire::LogData{
              stream.ref, stream.sent, piece.substr(0, std::min(kPiece, each - stream.sent))})));
          stream.sent += std::min(kPiece, each - stream.sent);
        }
      }
      net::poll_readable(sockets, {}, std::chrono::milliseconds(50));
      for (LogStream& stream : streams) {
        while (const auto received = stream.bulk->receive()) {
          const wire::Message message = TRY(wire::decode(received->frame));
          if (const auto* ack = std::get_if<wire::LogAck>(&message)) {
            stream.acked = std::max(stream.acked, ack->offset);
            heard = clock_.now();
          } else if (const auto* refused = std::get_if<wire::ProtocolError>(&message)) {
            return refused->error;
          }
        }
      }
    }
    const double ours = static_cast<double>(mebibytes_) / in_seconds(clock_.now() - start);
    farm->stop();
    const double disk = TRY(plain_file());
    std::printf("logs, durable          %8.0f MiB/s from %zu jobs (aim 50); a file with fsync every "
                "2 MiB %.0f MiB/s: %.2f of it\n", ours, kLogAgents, disk, ours / disk);
    return {};
  }

  Result<double> plain_file() {
    const auto directory = TRY(io::TempDirectory::create(parent_, "farm-figures-file-"));
    const io::Fd file = TRY(io::open_file(directory.path() + "/file", O_WRONLY | O_CREAT));
    const std::string bytes(kWindow, 'l');
    const Instant start = clock_.now();
    for (uint64_t done = 0; done < mebibytes_ << 20; done += kWindow) {
      TRY(io::write_all(file.get(), bytes));
      TRY(io::sync(file.get()));
    }
    return static_cast<double>(mebibytes_) / in_seconds(clock_.now() - start);
  }

  size_t submits_;
  uint64_t mebibytes_;
  std::string parent_;
  std::string spec_;
  SystemClock clock_;
  SystemRandom random_;
};

}  // namespace
}  // namespace farm::bench

int main(int argc, char** argv) {
  const size_t submits = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500;
  const uint64_t mebibytes = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 512;
  if (submits == 0 || mebibytes == 0) {
    std::fprintf(stderr, "usage: bench_agent_paths [submits] [MiB] [directory]\n");
    return 2;
  }
  const auto done = farm::bench::PathBench(submits, mebibytes, argc > 3 ? argv[3] : "/tmp").run();
  if (done) return 0;
  std::fprintf(stderr, "bench_agent_paths: %s\n", done.error().message.c_str());
  return 1;
}
