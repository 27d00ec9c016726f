// FakeDriver: qemu's programs as the steps see them, without a process: qemu-img calls are recorded
// (and make or move the files they name), machines speak enough of the monitor's protocol.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "builders/platforms/qemu/driver.h"
#include "common/io/files.h"

namespace farm::builders::platform_qemu {

class FakeMachine final : public Machine {
 public:
  struct Plan {
    std::string refuses;         // printed at once instead of a greeting: qemu does not start
    std::vector<std::string> reads;  // trace lines the "guest" prints after each key event
  };
  /// Everything that was asked over the monitor.
  struct Record {
    std::mutex mutex;
    std::vector<std::string> commands;
    std::string output;
    bool stopped = false;
    bool left = false;
    std::string all() {
      const std::lock_guard lock(mutex);
      return fmt::format("{}", fmt::join(commands, "\n"));
    }
  };

  FakeMachine(Plan plan, Record& record) : plan_(std::move(plan)), record_(record) {
    exit_ = io::Fd(::eventfd(0, EFD_CLOEXEC));
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    ours_ = io::Fd(ends[0]);
    theirs_ = io::Fd(ends[1]);
    if (!plan_.refuses.empty()) {
      record_.output = plan_.refuses;
      theirs_.reset();
      end({1, 0});
    } else {
      thread_ = std::thread([this] { talk(); });
    }
  }
  ~FakeMachine() override {
    if (theirs_.valid()) ::shutdown(theirs_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }

  void end(io::ExitStatus status) {
    status_ = status;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t put = ::write(exit_.get(), &one, sizeof one);
  }

  int exit_fd() const override { return exit_.get(); }
  std::optional<io::ExitStatus> poll() override { return status_; }
  Result<io::ExitStatus> wait(Duration patience, const CancelToken& cancel) override {
    if (io::wait_ready(exit_.get(), POLLIN, io::steady_now() + patience, cancel) !=
        io::Readiness::Ready) {
      return cancel.cancelled() ? cancelled("cancelled") : timed_out("the program did not end");
    }
    return *status_;
  }
  void stop() override {
    record_.stopped = true;
    if (!status_) end({0, 0});
  }
  std::string identity() const override { return "4711 1 boot"; }
  std::string last_output() const override { return record_.output; }
  uint64_t output_size() const override {
    const std::lock_guard lock(record_.mutex);
    return record_.output.size();
  }
  std::string output_since(uint64_t offset) const override {
    const std::lock_guard lock(record_.mutex);
    return record_.output.substr(std::min<size_t>(offset, record_.output.size()));
  }
  void leave_running() override { record_.left = true; }
  io::Fd take_monitor() override { return std::move(ours_); }

 private:
  void talk() {
    say("{\"QMP\": {}}");
    std::string input;
    char buffer[4096];
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(theirs_.get(), buffer, sizeof buffer, 0);
      if (got > 0) input.append(buffer, static_cast<size_t>(got));
      for (size_t end = input.find('\n'); end != std::string::npos; end = input.find('\n')) {
        answer(input.substr(0, end));
        input.erase(0, end + 1);
      }
    }
  }
  void answer(const std::string& line) {
    {
      const std::lock_guard lock(record_.mutex);
      record_.commands.push_back(line);
      if (line.find("input-send-event") != std::string::npos && next_ < plan_.reads.size()) {
        record_.output += plan_.reads[next_++] + "\n";
      }
    }
    const size_t file = line.find("\"filename\":\"");
    if (line.find("screendump") != std::string::npos && file != std::string::npos) {
      const size_t begin = file + 12;
      const auto written = io::write_file(line.substr(begin, line.find('"', begin) - begin),
                                          "P6\n1 1\n255\nabc");
      say(written ? "{\"return\": {}}" : "{\"error\": {\"class\": \"GenericError\"}}");
      return;
    }
    say("{\"event\": \"NOISE\"}");
    say("{\"return\": {}}");
  }
  void say(const std::string& text) {
    ::send(theirs_.get(), (text + "\n").data(), text.size() + 1, MSG_NOSIGNAL);
  }

  Plan plan_;
  Record& record_;
  size_t next_ = 0;
  io::Fd exit_;
  io::Fd ours_;
  io::Fd theirs_;
  std::optional<io::ExitStatus> status_;
  std::thread thread_;
};

class FakeDriver final : public Driver {
 public:
  Result<void> verify(BuildContext&) override { return {}; }
  Result<void> qemu_img(BuildContext& context, const std::vector<std::string>& args) override {
    calls.push_back(fmt::format("{}", fmt::join(args, " ")));
    if (!failures.empty()) {
      Error error = std::move(failures.front());
      failures.erase(failures.begin());
      return error;
    }
    if (args[0] == "convert") {
      return io::write_file(io::join_path(context.working_directory, args.back()), "converted");
    }
    return {};
  }
  Result<std::unique_ptr<Machine>> start(BuildContext&,
                                         const std::vector<std::string>& args) override {
    starts.push_back(fmt::format("{}", fmt::join(args, " ")));
    FakeMachine::Plan plan;
    if (!plans.empty()) {
      plan = std::move(plans.front());
      plans.erase(plans.begin());
    }
    record.output.clear();
    return std::unique_ptr<Machine>(std::make_unique<FakeMachine>(std::move(plan), record));
  }

  std::vector<std::string> calls;
  std::vector<std::string> starts;
  std::vector<Error> failures;             // of the next qemu-img calls
  std::vector<FakeMachine::Plan> plans;    // of the next machines
  FakeMachine::Record record;
};

}  // namespace farm::builders::platform_qemu
