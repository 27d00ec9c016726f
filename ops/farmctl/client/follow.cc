#include "ops/farmctl/client/follow.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ops/farmctl/client/log_lines.h"
#include "ops/farmctl/client/status_lines.h"

namespace farm::farmctl {
namespace {

using nlohmann::json;

// A subscription is renewed this often, from where it is: a restarted coordinator knows nothing of
// the old one.
constexpr Duration kRenew = std::chrono::seconds(10);

volatile std::sig_atomic_t g_interrupted = 0;
void on_interrupt(int) { g_interrupted = 1; }

// Restores the handlers at the end of the scope.
class InterruptFlag {
 public:
  InterruptFlag() {
    g_interrupted = 0;
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    ::sigaction(SIGINT, &action, &previous_);
  }
  ~InterruptFlag() { ::sigaction(SIGINT, &previous_, nullptr); }
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;
  bool raised() const { return g_interrupted != 0; }

 private:
  struct sigaction previous_ {};
};

class Follower {
 public:
  Follower(Client& client, const std::vector<std::pair<std::string, std::string>>& jobs,
           const FollowOptions& options)
      : client_(client), options_(options), status_(client.clock, options.status_lines) {
    size_t index = 0;
    for (const auto& [id, name] : jobs) {
      const bool wanted = options.only_job.empty() || options.only_job == id ||
                          options.only_job == name;
      jobs_[id] = {name, wanted, LogLines(name, index++, options.color, options.timestamps)};
      if (wanted) status_.add(id, name);
    }
  }

  wire::Subscribe subscription(const RequestId& request, const BuildId& build) const {
    wire::Subscribe subscribe;
    subscribe.request = request;
    subscribe.build = build;
    subscribe.logs = options_.logs && !options_.silent;
    subscribe.follow = options_.follow;
    for (const auto& [id, job] : jobs_) subscribe.offsets[id] = job.offset;
    return subscribe;
  }

  void take(const wire::LogChunk& chunk) {
    const auto found = jobs_.find(chunk.job.str());
    if (found == jobs_.end() || !found->second.wanted) return;
    Job& job = found->second;
    if (chunk.offset > job.offset) return;  // a gap: the renewed subscription fills it
    const uint64_t known = job.offset - chunk.offset;
    if (known >= chunk.bytes.size()) return;
    job.pending.append(chunk.bytes, known);
    job.offset += chunk.bytes.size() - known;
    std::string text;
    const size_t used = wire::read_records(job.pending, [&](const wire::LogRecord& record) {
      if (options_.on_picture) {
        if (const auto picture = job.pictures.take(record)) options_.on_picture(job.name, *picture);
        return;
      }
      job.lines.add(record, text);
      if (record.kind == wire::LogKind::Step) status_.step(found->first, std::string(record.text));
      if (record.kind == wire::LogKind::Detail) {
        status_.last_line(found->first, std::string(record.text));
      }
    });
    if (used == std::string::npos) {
      job.pending.clear();
    } else {
      job.pending.erase(0, used);
    }
    print(text);
    if (job.offset >= job.held_until) release(job);
  }

  void take(const wire::BuildEvent& event, FollowEnd& end, bool& ended) {
    const json detail = json::parse(event.detail, nullptr, false);
    if (event.last) {
      ended = true;
      end.state = event.state;
      if (detail.is_object()) end.elapsed = detail.value("elapsed", 0.0);
      return;
    }
    const auto found = jobs_.find(event.job.str());
    if (found == jobs_.end() || !found->second.wanted || !detail.is_object()) return;
    const std::string step = detail.value("step", "");
    const json agent = detail.value("agent", json());
    const std::string on = agent.is_string() ? agent.get<std::string>() : "";
    start_attempt(found->second, detail.value("attempt", uint64_t{0}));
    status_.state(found->first, event.state, on, step);
    if (options_.silent || found->second.state == event.state) return;
    found->second.state = event.state;
    announce(found->second, event.state, on, detail);
    redraw();
  }

  void redraw() { status_.draw(); }
  void finish() {
    for (auto& [id, job] : jobs_) release(job);
    status_.erase();
  }

 private:
  struct Job {
    std::string name;
    bool wanted = true;
    LogLines lines = {};
    std::string pending = {};
    uint64_t offset = 0;
    wire::PictureReader pictures = {};
    std::string state = {};
    uint64_t attempt = 0;
    // How the job ended, said once its log is here up to `held_until`: events overtake logs.
    std::string held = {};
    uint64_t held_until = 0;
  };

  // Every attempt has a log of its own.
  void start_attempt(Job& job, uint64_t attempt) {
    if (attempt == job.attempt) return;
    if (job.attempt != 0) {
      release(job);
      job.offset = 0;
      job.pending.clear();
    }
    job.attempt = attempt;
  }

  void release(Job& job) {
    if (job.held.empty()) return;
    print(std::exchange(job.held, {}));
  }

  void announce(Job& job, const std::string& state, const std::string& agent,
                const json& detail) {
    if (!options_.logs) return;
    if (state == "offered") return;
    std::string line = fmt::format("==> {}: ", job.name);
    if (state == "preparing") {
      line += fmt::format("[{}] started, attempt {}", agent, detail.value("attempt", 1));
    } else if (state == "succeeded") {
      line += fmt::format("finished after {:.0f}s", detail.value("elapsed", 0.0));
    } else if (state == "failed" || state == "timed_out" || state == "retry_wait") {
      const json error = detail.value("error", json());
      line += fmt::format("{}: {}", state == "retry_wait" ? "will be tried again" : "failed",
                          error.is_string() ? error.get<std::string>() : "no cause was given");
    } else if (state == "cancelled" || state == "suspect") {
      line += state;
    } else {
      return;
    }
    line += "\n";
    job.held_until = state == "preparing" ? 0 : detail.value("log_bytes", uint64_t{0});
    if (job.offset >= job.held_until) return print(line);
    job.held = std::move(line);
  }

  void print(const std::string& text) {
    if (text.empty() || options_.silent || options_.on_picture) return;
    status_.erase();
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    status_.draw();
  }

  Client& client_;
  const FollowOptions& options_;
  StatusLines status_;
  std::map<std::string, Job> jobs_;
};

}  // namespace

Result<FollowEnd> follow_build(Client& client, Connection& connection, const BuildId& build,
                               const std::vector<std::pair<std::string, std::string>>& jobs,
                               const FollowOptions& options) {
  const InterruptFlag interrupt;
  Follower follower(client, jobs, options);
  const RequestId request = connection.new_request();
  FollowEnd end;
  bool ended = false;
  Instant renew = client.clock.now();
  while (!ended) {
    if (interrupt.raised()) {
      follower.finish();
      TRY(connection.control().send(wire::Unsubscribe{request}));
      end.state = "detached";
      return end;
    }
    const Instant now = client.clock.now();
    if (now >= renew) {
      TRY(connection.control().send(follower.subscription(request, build)));
      renew = now + kRenew;
    }
    const Instant tick = now + std::chrono::milliseconds(200);
    std::optional<wire::Message> message = TRY(connection.control().receive(std::min(tick, renew)));
    if (!message) {
      follower.redraw();
      continue;
    }
    if (const auto* chunk = std::get_if<wire::LogChunk>(&*message)) {
      if (chunk->request == request) follower.take(*chunk);
    } else if (const auto* event = std::get_if<wire::BuildEvent>(&*message)) {
      if (event->request == request) follower.take(*event, end, ended);
    } else if (const auto* reply = std::get_if<wire::QueryReply>(&*message)) {
      if (reply->request == request && reply->error) return *reply->error;
    }
  }
  follower.finish();
  return end;
}

}  // namespace farm::farmctl
