#include "agent/runner/scoped_context.h"

#include <poll.h>
#include <thread>

#include "common/io/fd.h"

namespace farm::agent {
namespace {

// The fields that steps set; everything else is the same object in both contexts.
void move_state(builders::BuildContext& from, builders::BuildContext& to) {
  to.communicator = std::move(from.communicator);
  to.http_ip = std::move(from.http_ip);
  to.http_port = from.http_port;
  to.instance_id = std::move(from.instance_id);
  to.guest_host = std::move(from.guest_host);
  to.guest_port = from.guest_port;
  to.ssh_public_key = std::move(from.ssh_public_key);
  to.ssh_private_key = std::move(from.ssh_private_key);
  to.generated = std::move(from.generated);
  to.failure = std::move(from.failure);
  to.at_failure = std::move(from.at_failure);
  to.reach = std::move(from.reach);
  to.attachments = std::move(from.attachments);
}

}  // namespace

ScopedContext::ScopedContext(builders::BuildContext& outer, const CancelToken& cancel)
    : outer_(outer),
      inner_{.ui = outer.ui,
             .ledger = outer.ledger,
             .clock = outer.clock,
             .random = outer.random,
             .environment = outer.environment,
             .cancel = cancel,
             .render = outer.render,
             .working_directory = outer.working_directory,
             .temp_directory = outer.temp_directory,
             .cache_directory = outer.cache_directory,
             .run_uuid = outer.run_uuid,
             .force = outer.force,
             .debug = outer.debug,
             .on_error = outer.on_error,
             .provision = outer.provision,
             .error_cleanup = outer.error_cleanup,
             .ask = outer.ask,
             .communicator = nullptr,
             .http_ip = {},
             .instance_id = {},
             .guest_host = {},
             .ssh_public_key = {},
             .ssh_private_key = {},
             .generated = {},
             .failure = std::nullopt} {
  move_state(outer_, inner_);
}

ScopedContext::~ScopedContext() { move_state(inner_, outer_); }

struct DeadlineToken::Watch {
  CancelToken outer;
  CancelToken inner;
  CancelToken done;
  std::atomic<bool> expired{false};
  std::thread thread;

  void wait(Duration timeout) {
    const Instant deadline = io::steady_now() + timeout;
    pollfd waiters[2] = {{outer.fd(), POLLIN, 0}, {done.fd(), POLLIN, 0}};
    while (!done.cancelled()) {
      const Duration left = deadline - io::steady_now();
      if (left <= Duration::zero()) {
        expired = true;
        inner.cancel();
        return;
      }
      if (outer.cancelled()) {
        inner.cancel();
        return;
      }
      const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      ::poll(waiters, 2, static_cast<int>(std::min<int64_t>(milliseconds, 60'000)));
    }
  }
};

DeadlineToken::DeadlineToken(const CancelToken& outer, Duration timeout)
    : watch_(std::make_unique<Watch>()) {
  watch_->outer = outer;
  watch_->thread = std::thread([watch = watch_.get(), timeout] { watch->wait(timeout); });
}

DeadlineToken::~DeadlineToken() {
  watch_->done.cancel();
  watch_->thread.join();
}

const CancelToken& DeadlineToken::token() const { return watch_->inner; }

bool DeadlineToken::expired() const { return watch_->expired; }

}  // namespace farm::agent
