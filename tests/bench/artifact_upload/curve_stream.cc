#include "tests/bench/artifact_upload/curve_stream.h"

#include <chrono>
#include <fcntl.h>
#include <thread>

#include "common/io/fd.h"
#include "common/io/files.h"
#include "common/net/zmq/socket.h"
#include "common/net/zmq/zap.h"

namespace farm::bench {
namespace {

constexpr uint64_t kPiece = 1U << 20;
constexpr uint64_t kWindow = 8U << 20;
constexpr Duration kPatience = std::chrono::seconds(30);
constexpr Duration kStreamPoll = std::chrono::milliseconds(100);

/// Takes frames and gives back their length as credit until `total` bytes came or nothing does.
void drain(net::Router& router, uint64_t total) {
  const SystemClock clock;
  Instant heard = clock.now();
  for (uint64_t got = 0; got < total && clock.now() - heard < kPatience;) {
    net::poll_readable({&router}, {}, kStreamPoll);
    while (const std::optional<net::Received> received = router.receive()) {
      heard = clock.now();
      got += received->frame.size();
      static_cast<void>(
          router.send(received->routing_id, std::to_string(received->frame.size())));
    }
  }
}

Result<void> pour(net::Dealer& dealer, int file, uint64_t total) {
  const SystemClock clock;
  Instant heard = clock.now();
  uint64_t sent = 0;
  uint64_t returned = 0;
  std::string piece;
  while (returned < total) {
    while (sent < total && sent - returned + kPiece <= kWindow) {
      piece.resize(kPiece);
      const size_t got = TRY(io::read_some(file, piece.data(), piece.size()));
      if (got == 0) return conflict("the file became shorter");
      piece.resize(got);
      TRY(dealer.send(piece));
      sent += got;
    }
    net::poll_readable({&dealer}, {}, kStreamPoll);
    while (const std::optional<net::Received> received = dealer.receive()) {
      returned += std::stoull(received->frame);
      heard = clock.now();
    }
    if (clock.now() - heard > kPatience) return timed_out("the stream stands still");
  }
  return {};
}

}  // namespace

Result<double> stream_file(const std::string& path) {
  const SystemClock clock;
  const uint64_t total = TRY(io::file_size(path));
  const io::Fd file = TRY(io::open_file(path, O_RDONLY));
  net::ZmqContext server_context(2);
  const auto zap = TRY(net::ZapServer::start(
      server_context, [](const std::string&, const std::string&, const std::string&) {
        return std::optional<std::string>("anybody");
      }));
  const net::CurveKeys server_keys = TRY(net::generate_curve_keys());
  net::Router router = TRY(
      net::Router::bind(server_context, "tcp://127.0.0.1:*", server_keys.secret_key, "bench"));
  const std::string endpoint = router.endpoint();
  net::ZmqContext context;
  const net::CurveKeys keys = TRY(net::generate_curve_keys());
  net::Dealer dealer =
      TRY(net::Dealer::connect(context, endpoint, server_keys.public_key, keys));
  const Instant start = clock.now();
  std::thread sink([&] { drain(router, total); });
  const Result<void> poured = pour(dealer, file.get(), total);
  const Duration took = clock.now() - start;
  sink.join();
  TRY(poured);
  return std::chrono::duration<double>(took).count();
}

}  // namespace farm::bench
