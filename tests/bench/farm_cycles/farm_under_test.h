// FarmUnderTest: a whole coordinator in this process, as the program runs it: RocksDB with synced
// writes in a temporary directory, CURVE and ZAP on loopback ports the kernel picks. Benchmarks
// enrol users with it and connect as agents and clients do.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/base/random.h"
#include "common/io/files.h"
#include "common/net/zmq/socket.h"
#include "common/wire/codec.h"
#include "coordinator/reactor/zmq_server.h"

namespace farm::bench {

/// Waits for a message of type M; others are dropped. ProtocolError: its error.
template <class M>
Result<M> expect(net::Dealer& dealer, Duration patience = std::chrono::seconds(30)) {
  const SystemClock clock;
  const Instant until = clock.now() + patience;
  while (clock.now() < until) {
    net::poll_readable({&dealer}, {}, until - clock.now());
    while (std::optional<net::Received> received = dealer.receive()) {
      wire::Message message = TRY(wire::decode(received->frame));
      if (M* wanted = std::get_if<M>(&message)) return std::move(*wanted);
      if (auto* refused = std::get_if<wire::ProtocolError>(&message)) return refused->error;
    }
  }
  return timed_out("the coordinator does not answer");
}

class FarmUnderTest {
 public:
  /// The coordinator's data lie below `parent`: on the disk that is to be measured. Its log goes
  /// to a file there, at the level the program has by default.
  static Result<std::unique_ptr<FarmUnderTest>> start(const std::string& parent);
  ~FarmUnderTest() { stop(); }
  FarmUnderTest(const FarmUnderTest&) = delete;
  FarmUnderTest& operator=(const FarmUnderTest&) = delete;

  /// The administrator who was enrolled at the start; may submit and upload.
  const net::CurveKeys& admin() const { return admin_; }
  /// A new user with a token of its own. `role` is "agent" or "client".
  Result<net::CurveKeys> enroll(const std::string& role, const std::string& name);
  Result<net::Dealer> control(const net::CurveKeys& keys);
  Result<net::Dealer> bulk(const net::CurveKeys& keys);

  /// Ends the coordinator; the data stay until the object goes.
  void stop();
  std::string data() const { return directory_.path() + "/data"; }
  const std::string& directory() const { return directory_.path(); }

 private:
  explicit FarmUnderTest(io::TempDirectory directory) : directory_(std::move(directory)) {}
  Result<net::CurveKeys> spend(const std::string& secret, const std::string& role,
                               const std::string& name);
  Result<net::Dealer> connect(const std::string& endpoint, const net::CurveKeys& keys);

  io::TempDirectory directory_;
  SystemRandom random_;
  net::ZmqContext context_;  // of the clients
  std::unique_ptr<coordinator::ZmqServer> server_;
  std::thread thread_;
  net::CurveKeys admin_;
  std::optional<net::Dealer> admin_control_;
};

}  // namespace farm::bench
