#include "builders/communicators/docker/piped_program.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace farm::builders::docker {
namespace {

constexpr size_t kInputBuffer = 256U << 10;
constexpr size_t kOutputBuffer = 64U << 10;
// How soon a source that had nothing to give is asked again.
constexpr int kInputPauseMs = 5;
constexpr auto kKillGrace = std::chrono::seconds(5);

/// Standard input of the child, filled from a source piece by piece.
class Feed {
 public:
  Feed(io::Fd& pipe, const InputSource& source) : pipe_(pipe), source_(source) {}

  bool open() const { return pipe_.valid(); }
  /// Whether the pipe should be polled for room; otherwise the source had nothing yet.
  bool has_bytes() const { return at_ < pending_.size(); }

  void fetch() {
    if (!open() || has_bytes()) return;
    pending_.resize(kInputBuffer);
    const size_t given = source_(pending_.data(), pending_.size());
    at_ = 0;
    pending_.resize(given == kNoInputYet ? 0 : given);
    if (given == 0) pipe_.reset();
  }

  void push() {
    const ssize_t put = ::write(pipe_.get(), pending_.data() + at_, pending_.size() - at_);
    if (put >= 0) {
      at_ += static_cast<size_t>(put);
    } else if (errno != EAGAIN && errno != EINTR) {
      pipe_.reset();  // a program that reads no more is no error
    }
  }

 private:
  io::Fd& pipe_;
  const InputSource& source_;
  std::string pending_;
  size_t at_ = 0;
};

void drain(io::Fd& pipe, const OutputSink& sink, std::string& buffer) {
  buffer.resize(kOutputBuffer);
  const Result<size_t> got = io::read_some(pipe.get(), buffer.data(), buffer.size());
  if (!got || *got == 0) {
    pipe.reset();
  } else if (sink) {
    sink(std::string_view(buffer).substr(0, *got));
  }
}

}  // namespace

Result<io::ExitStatus> run_piped(const PipedProgram& program, const CancelToken& cancel) {
  io::SpawnOptions spawn = program.spawn;
  spawn.standard_input = program.input ? io::Stream::Pipe : io::Stream::Null;
  io::Process child = TRY(io::Process::spawn(spawn));
  if (program.input) TRY(io::set_nonblocking(child.standard_input().get(), true));
  Feed feed(child.standard_input(), program.input);
  const auto killed = [&child](Error error) {
    child.stop(kKillGrace);
    return error;
  };
  const Instant deadline = io::steady_now() + program.deadline;
  std::string buffer;
  bool ended = false;
  while (!ended || child.standard_output().valid() || child.standard_error().valid()) {
    if (cancel.cancelled()) return killed(cancelled("cancelled"));
    const Duration left = deadline - io::steady_now();
    if (left.count() <= 0) return killed(timed_out(spawn.argv.front() + " did not end in time"));
    feed.fetch();
    const bool room_wanted = feed.open() && feed.has_bytes();
    pollfd fds[5] = {{child.standard_output().get(), POLLIN, 0},
                     {child.standard_error().get(), POLLIN, 0},
                     {room_wanted ? child.standard_input().get() : -1, POLLOUT, 0},
                     {ended ? -1 : child.exit_fd(), POLLIN, 0},
                     {cancel.fd(), POLLIN, 0}};
    int64_t millis = std::min<int64_t>(left.count() / 1'000'000 + 1, 60'000);
    if (feed.open() && !feed.has_bytes()) millis = kInputPauseMs;
    if (ended) millis = 0;  // what is in the pipes now is all of it
    const int count = ::poll(fds, 5, static_cast<int>(millis));
    if (count < 0 && errno != EINTR) return killed(system_error("poll", errno));
    if (count == 0 && ended) break;
    if (fds[0].revents != 0) drain(child.standard_output(), program.on_stdout, buffer);
    if (fds[1].revents != 0) drain(child.standard_error(), program.on_stderr, buffer);
    if (fds[2].revents != 0) feed.push();
    if (fds[3].revents != 0) {
      ended = child.poll().has_value();
      if (ended) child.standard_input().reset();
    }
  }
  return child.wait(deadline, cancel);
}

}  // namespace farm::builders::docker
