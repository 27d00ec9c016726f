// Session: an agent's side of the protocol (design.md sections 4 and 5): hello and inventory, syncs
// that renew the leases, offers, log streaming, uploads, results until they are acknowledged. It
// works over a Transport of messages and over a Supervisor; sockets and clocks are given, so tests
// run it in process. Owner thread: the agent's main thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/cache/bundle_fetcher.h"
#include "agent/link/transport.h"
#include "agent/supervisor/supervisor.h"
#include "agent/upload/uploader.h"
#include "common/base/random.h"

namespace farm::agent {

class Session final : public SupervisorEvents {
 public:
  /// `hello` without its jobs; `cache` is the existing directory of cached bundle files. The rest
  /// outlives the session.
  Session(wire::Hello hello, const std::string& cache, Transport& transport, const Clock& clock,
          Random& random);

  /// Once, before anything else.
  void attach(Supervisor& supervisor);
  /// The connection stands (again): hello.
  void connected();
  void disconnected();
  void received(const wire::Message& message);
  /// Syncs, log pieces, chunks: a bounded amount. True while more could be done at once.
  bool work();
  Instant next_deadline() const;
  /// Tells the coordinator that this process will be back soon; runners go on.
  void say_restarting();
  /// No new jobs are taken; true once none is left.
  void drain() { draining_ = true; }
  bool idle() const;
  /// Looks at the providers every so often, for the load of their nodes.
  void survey_every(Duration interval);

  void on_log(const wire::JobRef& ref, uint64_t bytes) override;
  void on_phase(const wire::PhaseChange& change) override;
  void on_resource(const wire::ResourceEvent& event) override;
  void on_prompt(const wire::JobRef& ref, const std::string& text) override;
  void on_finished(const wire::JobResult& result) override;
  void on_survey(const wire::Survey& survey) override;

 private:
  struct Job {
    uint64_t log_bytes = 0;  // on disk
    uint64_t log_sent = 0;
    uint64_t log_acked = 0;
    Instant log_moved{};  // when the last piece was sent or acknowledged
    std::optional<wire::JobResult> result;  // ready to be sent
    bool result_acked = false;
    std::optional<Instant> resend_at;
  };
  void welcome(const wire::Welcome& welcome);
  void verdict(const wire::JobVerdict& verdict);
  void offer(const wire::Offer& offer);
  void revoke(const wire::JobRef& ref);
  void log_acked(const wire::LogAck& ack);
  void bundle_ready(const wire::JobRef& ref, const Result<void>& result);
  void uploaded(const wire::JobRef& ref, const Result<void>& result);
  void say_hello();
  void sync();
  bool stream_logs();
  bool stream_log(const wire::JobRef& ref, Job& job);
  void send_results();
  void settle(const wire::JobRef& ref);
  void resend_resources();
  uint32_t free_slots() const;
  LeaseDirectory directory_of(const wire::JobRef& ref) const;

  wire::Hello hello_;
  Transport& transport_;
  const Clock& clock_;
  BundleFetcher bundles_;
  Uploader uploads_;
  Supervisor* supervisor_ = nullptr;
  bool connected_ = false;
  bool welcome_ = false;
  bool draining_ = false;
  Duration sync_interval_ = std::chrono::seconds(10);
  Instant next_sync_{0};
  std::optional<Duration> survey_interval_;
  Instant next_survey_{0};
  bool surveys_wanted_ = false;  // the coordinator understands them
  std::map<wire::JobRef, Job> jobs_;
};

}  // namespace farm::agent
