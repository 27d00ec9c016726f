#include "coordinator/reactor/self_test.h"

#include <algorithm>

#include "common/base/scope_guard.h"

namespace farm::coordinator {
namespace {

constexpr Duration kLimit = std::chrono::seconds(10);
constexpr Duration kSlice = std::chrono::milliseconds(10);

std::string own_address(const std::string& endpoint) {
  // Bound to every address: knock at loopback.
  for (const char* any : {"tcp://0.0.0.0:", "tcp://[::]:", "tcp://*:"}) {
    if (endpoint.starts_with(any)) {
      return "tcp://127.0.0.1:" + endpoint.substr(std::string(any).size());
    }
  }
  return endpoint;
}

bool refused(net::Dealer& dealer) {
  const std::vector<net::Dealer::Link> events = dealer.link_events();
  return std::find(events.begin(), events.end(), net::Dealer::Link::Refused) != events.end();
}

}  // namespace

Result<void> test_own_door(net::ZmqContext& context, net::Router& router,
                           const std::string& server_key, SelfTestKey& accepted,
                           const Clock& clock) {
  const net::CurveKeys known = TRY(net::generate_curve_keys());
  const net::CurveKeys unknown = TRY(net::generate_curve_keys());
  accepted.set(known.public_key);
  const ScopeGuard clear([&] { accepted.clear(); });
  const std::string address = own_address(router.endpoint());
  net::Dealer friendly = TRY(net::Dealer::connect(context, address, server_key, known));
  net::Dealer stranger = TRY(net::Dealer::connect(context, address, server_key, unknown));
  TRY(friendly.send("self-test"));
  TRY(stranger.send("self-test"));
  bool let_in = false;
  bool turned_away = false;
  const Instant deadline = clock.now() + kLimit;
  while ((!let_in || !turned_away) && clock.now() < deadline) {
    net::poll_readable({&router}, {}, kSlice);
    while (const std::optional<net::Received> received = router.receive()) {
      if (received->frame != "self-test") continue;
      if (received->user_id != kSelfTestUser) {
        return denied("self-test: a key that nobody enrolled was let in at " + router.endpoint() +
                      "; this must never serve");
      }
      let_in = true;
    }
    turned_away = turned_away || refused(stranger);
  }
  if (!let_in) {
    return unavailable("self-test: no connection to " + address + " of our own within 10 s");
  }
  if (!turned_away) {
    return denied("self-test: a key that nobody enrolled was not refused at " +
                  router.endpoint());
  }
  return {};
}

}  // namespace farm::coordinator
