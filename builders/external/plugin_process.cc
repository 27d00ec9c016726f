#include "builders/external/plugin_process.h"

#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <poll.h>
#include <unistd.h>

#include "builders/core/output_lines.h"
#include "common/base/log.h"
#include "common/io/process.h"

namespace farm::builders::external {
namespace {

using nlohmann::json;

constexpr size_t kLongestLine = 1U << 20;
constexpr uint64_t kMostBytes = 32U << 20;  // of everything one run says
constexpr int kDeepest = 64;
constexpr auto kTakeTime = std::chrono::seconds(30);
constexpr auto kCancelGrace = std::chrono::seconds(10);
constexpr auto kStopGrace = std::chrono::seconds(2);
constexpr auto kEndTime = std::chrono::seconds(1);  // from the end of its output to its own
constexpr size_t kErrorTail = 4096;

// write(2) without SIGPIPE, whatever the process does about that signal: the reader may be gone.
ssize_t write_quietly(int fd, const char* bytes, size_t size) {
  sigset_t pipe_signal;
  sigset_t before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t put = ::write(fd, bytes, size);
  const int error = errno;
  if (put < 0 && error == EPIPE) {
    const timespec now{};
    ::sigtimedwait(&pipe_signal, nullptr, &now);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return put;
}

// Nesting of a line, before a parser recurses over it.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepest) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

class Conversation {
 public:
  Conversation(const PluginRun& run, const CancelToken& cancel)
      : run_(run),
        cancel_(cancel),
        errors_([this](std::string_view line) { said("message", std::string(line)); }) {}

  Result<json> hold() {
    io::SpawnOptions spawn;
    spawn.argv = {run_.plugin.program, "serve"};
    spawn.environment = run_.environment.all();
    spawn.directory = run_.directory;
    spawn.standard_input = io::Stream::Pipe;
    spawn.own_process_group = true;
    spawn.die_with_parent = true;
    Result<io::Process> child = io::Process::spawn(spawn);
    if (!child) return error(child.error());
    child_.emplace(*std::move(child));
    TRY(io::set_nonblocking(child_->standard_input().get(), true));
    Result<json> outcome = talk();
    child_->stop(kStopGrace);
    errors_.finish();
    if (!outcome && cancel_.cancelled()) return cancelled("Build was cancelled.");
    if (!outcome) return error(outcome.error());
    return outcome;
  }

 private:
  Error error(const Error& cause) const {
    return cause.within("plugin " + run_.plugin.name);
  }

  Result<json> talk() {
    TRY(send(run_.start));
    quiet_since_ = io::steady_now();
    for (;;) {
      TRY(wait());
      TRY(read_errors());
      while (std::optional<std::string> line = next_line()) {
        std::optional<json> end = TRY(take(*line));
        if (end) return *std::move(end);
      }
      if (output_ended_) return ended_early();
    }
  }

  // Until there is something to read; no longer than silence and cancellation allow.
  Result<void> wait() {
    if (cancel_.cancelled() && !told_) {
      told_ = true;
      cancel_deadline_ = io::steady_now() + kCancelGrace;
      (void)send({{"type", "cancel"}});
    }
    const Instant limit = told_ ? cancel_deadline_ : quiet_since_ + run_.plugin.silence;
    const Instant now = io::steady_now();
    if (now >= limit) {
      if (told_) return cancelled("Build was cancelled.");
      return timed_out(fmt::format(
          "it has said nothing for {} s",
          std::chrono::duration_cast<std::chrono::seconds>(run_.plugin.silence).count()));
    }
    pollfd watched[3] = {{child_->standard_output().get(), POLLIN, 0},
                         {child_->standard_error().get(), POLLIN, 0},
                         {told_ ? -1 : cancel_.fd(), POLLIN, 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limit - now).count();
    if (::poll(watched, std::size(watched), static_cast<int>(std::min<int64_t>(left + 1, 60'000))) <
            0 &&
        errno != EINTR) {
      return system_error("poll", errno);
    }
    if (watched[0].revents != 0) TRY(read_output());
    errors_ready_ = watched[1].revents != 0;
    return {};
  }

  Result<void> count(size_t bytes) {
    quiet_since_ = io::steady_now();
    bytes_ += bytes;
    if (bytes_ <= kMostBytes) return {};
    return invalid_input(fmt::format("it has said more than {} MiB", kMostBytes >> 20));
  }

  Result<void> read_output() {
    char piece[65536];
    const size_t got = TRY(io::read_some(child_->standard_output().get(), piece, sizeof piece));
    if (got == 0) {
      output_ended_ = true;
      return {};
    }
    TRY(count(got));
    pending_.append(piece, got);
    if (pending_.size() > kLongestLine && pending_.find('\n') == std::string::npos) {
      return invalid_input("it has sent a line of more than 1 MiB");
    }
    return {};
  }

  Result<void> read_errors() {
    if (!errors_ready_ || !child_->standard_error().valid()) return {};
    char piece[65536];
    const size_t got = TRY(io::read_some(child_->standard_error().get(), piece, sizeof piece));
    if (got == 0) {
      child_->standard_error().reset();
      return {};
    }
    TRY(count(got));
    const std::string_view text(piece, got);
    error_tail_.append(text);
    if (error_tail_.size() > kErrorTail) error_tail_.erase(0, error_tail_.size() - kErrorTail);
    errors_.feed(text);
    return {};
  }

  std::optional<std::string> next_line() {
    const size_t end = pending_.find('\n', at_);
    if (end == std::string::npos) {
      pending_.erase(0, at_);
      at_ = 0;
      return std::nullopt;
    }
    std::string line = pending_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }

  /// Handles one line; the "done" line ends the conversation.
  Result<std::optional<json>> take(const std::string& line) {
    if (line.empty()) return std::optional<json>();
    if (line.size() > kLongestLine || too_deep(line)) {
      return invalid_input("it has sent a line that is too long or too deep");
    }
    json message = json::parse(line, nullptr, false);
    if (!message.is_object() || !message.contains("type") || !message["type"].is_string()) {
      return invalid_input("it has sent a line that is no message: " + line.substr(0, 200));
    }
    const std::string type = message["type"];
    if (type == "done") return std::optional(std::move(message));
    if (type == "failed") {
      const std::string text = message.value("error", json()).is_string()
                                   ? message["error"].get<std::string>()
                                   : "it failed without saying why";
      return invalid_input(text);
    }
    if (type == "call") {
      TRY(answer(message));
    } else if (type == "say" || type == "message" || type == "error") {
      if (!message.value("text", json()).is_string()) {
        return invalid_input("it has sent a '" + type + "' without text");
      }
      said(type, message["text"]);
    } else if (type == "progress") {
      progress(message);
    } else if (type != "alive") {
      return invalid_input("it has sent a message of the unknown type '" + type.substr(0, 50) +
                           "'");
    }
    return std::optional<json>();
  }

  Result<void> answer(const json& message) {
    const json& id = message.contains("id") ? message["id"] : json();
    const json method = message.value("method", json());
    if (!id.is_number_integer() || !method.is_string()) {
      return invalid_input("it has sent a call without id or method");
    }
    const json parameters = message.value("params", json::object());
    if (!parameters.is_object()) return invalid_input("it has sent a call with bad params");
    const Result<json> result = run_.answer(method, parameters);
    quiet_since_ = io::steady_now();  // it was waiting for us
    if (result) return send({{"type", "reply"}, {"id", id}, {"ok", true}, {"result", *result}});
    return send({{"type", "reply"}, {"id", id}, {"ok", false}, {"error", result.error().message}});
  }

  void said(const std::string& type, const std::string& text) const {
    if (run_.ui == nullptr) {
      log::info("plugin says", {{"plugin", run_.plugin.name}, {"text", text}});
    } else if (type == "say") {
      run_.ui->say(text);
    } else if (type == "error") {
      run_.ui->error(text);
    } else {
      run_.ui->message(text);
    }
  }

  void progress(const json& message) const {
    const json what = message.value("what", json());
    const json done = message.value("done", json());
    const json total = message.value("total", json());
    if (run_.ui != nullptr && what.is_string() && done.is_number_unsigned() &&
        total.is_number_unsigned()) {
      run_.ui->progress(what.get<std::string>(), done, total);
    }
  }

  Result<void> send(const json& message) {
    const std::string line = message.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    const Instant deadline = io::steady_now() + kTakeTime;
    const CancelToken never;
    for (size_t at = 0; at < line.size();) {
      const ssize_t put =
          write_quietly(child_->standard_input().get(), line.data() + at, line.size() - at);
      if (put > 0) {
        at += static_cast<size_t>(put);
        continue;
      }
      // It reads no more; what it still says is the answer.
      if (put < 0 && errno == EPIPE) return {};
      if (put < 0 && errno != EAGAIN && errno != EINTR) return system_error("write", errno);
      if (io::wait_ready(child_->standard_input().get(), POLLOUT, deadline, never) !=
          io::Readiness::Ready) {
        return timed_out("it does not read what it is sent");
      }
    }
    return {};
  }

  Result<json> ended_early() {
    const CancelToken never;
    const Result<io::ExitStatus> status =
        child_->wait(io::steady_now() + kEndTime, never);
    std::string text =
        "it ended without a result: " + (status ? status->text() : "its output is closed");
    const std::string last = io::last_lines(error_tail_, 3);
    if (!last.empty()) text += ": " + last;
    return unavailable(text);
  }

  const PluginRun& run_;
  const CancelToken& cancel_;
  std::optional<io::Process> child_;
  OutputLines errors_;
  std::string error_tail_;
  std::string pending_;
  size_t at_ = 0;
  uint64_t bytes_ = 0;
  Instant quiet_since_;
  Instant cancel_deadline_;
  bool told_ = false;
  bool errors_ready_ = false;
  bool output_ended_ = false;
};

}  // namespace

Result<json> run_plugin(const PluginRun& run, const CancelToken& cancel) {
  return Conversation(run, cancel).hold();
}

}  // namespace farm::builders::external
