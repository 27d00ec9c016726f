#include "tests/bench/farm_cycles/raw_limits.h"

#include <atomic>
#include <thread>
#include <vector>

#include "common/base/random.h"
#include "common/net/zmq/socket.h"
#include "common/net/zmq/zap.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/rocks_store.h"

namespace farm::bench {
namespace {

constexpr Duration kEchoPoll = std::chrono::milliseconds(20);
constexpr Duration kConnectTime = std::chrono::seconds(30);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Answers every frame with `reply` until the object goes.
class Echo {
 public:
  Echo(net::Router router, std::string reply) : router_(std::move(router)) {
    thread_ = std::thread([this, text = std::move(reply)] {
      while (!stop_) {
        net::poll_readable({&router_}, {}, kEchoPoll);
        while (const std::optional<net::Received> received = router_.receive()) {
          static_cast<void>(router_.send(received->routing_id, text));
        }
      }
    });
  }
  ~Echo() {
    stop_ = true;
    thread_.join();
  }

 private:
  net::Router router_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// Sends the next request of every dealer whose answer came; the number of answers.
uint64_t turn(std::vector<net::Dealer>& dealers, const std::vector<const net::ZmqSocket*>& sockets,
              const std::string& request) {
  uint64_t answers = 0;
  for (const size_t index : net::poll_readable(sockets, {}, kEchoPoll)) {
    while (dealers[index].receive()) {
      ++answers;
      static_cast<void>(dealers[index].send(request));
    }
  }
  return answers;
}

}  // namespace

Result<double> measure_round_trips(const RoundTrips& what, Duration time) {
  const SystemClock clock;
  net::ZmqContext server_context(2);  // as many I/O threads as the coordinator has
  const auto zap = TRY(net::ZapServer::start(
      server_context, [](const std::string&, const std::string&, const std::string&) {
        return std::optional<std::string>("anybody");
      }));
  const net::CurveKeys server_keys = TRY(net::generate_curve_keys());
  net::Router router = TRY(
      net::Router::bind(server_context, "tcp://127.0.0.1:*", server_keys.secret_key, "bench"));
  const std::string endpoint = router.endpoint();
  const Echo echo(std::move(router), what.reply);

  net::ZmqContext context;
  std::vector<net::Dealer> dealers;
  std::vector<const net::ZmqSocket*> sockets;
  dealers.reserve(what.dealers);
  for (size_t i = 0; i < what.dealers; ++i) {
    const net::CurveKeys keys = TRY(net::generate_curve_keys());
    net::Dealer dealer =
        TRY(net::Dealer::connect(context, endpoint, server_keys.public_key, keys));
    dealers.push_back(std::move(dealer));
    TRY(dealers.back().send(what.request));
  }
  for (const net::Dealer& dealer : dealers) sockets.push_back(&dealer);
  // Every dealer is connected once as many answers came as there are dealers, or nearly.
  const Instant give_up = clock.now() + kConnectTime;
  for (uint64_t answers = 0; answers < 4 * what.dealers;) {
    answers += turn(dealers, sockets, what.request);
    if (clock.now() > give_up) return timed_out("the dealers do not connect");
  }
  const Instant start = clock.now();
  uint64_t answers = 0;
  while (clock.now() - start < time) answers += turn(dealers, sockets, what.request);
  return static_cast<double>(answers) / seconds(clock.now() - start);
}

Result<double> measure_batches(const SyncedBatches& what, Duration time) {
  using coordinator::RocksStore;
  const SystemClock clock;
  SystemRandom random;
  const auto store = TRY(RocksStore::open(what.directory, RocksStore::OnLoss::Refuse));
  const Instant start = clock.now();
  uint64_t batches = 0;
  while (clock.now() - start < time) {
    coordinator::Batch batch;
    for (size_t i = 0; i < what.records_per_batch; ++i) {
      batch.puts.push_back({coordinator::keys::job(JobId::random(random)), what.record});
    }
    TRY(store->apply(batch));
    ++batches;
  }
  return static_cast<double>(batches) / seconds(clock.now() - start);
}

}  // namespace farm::bench
