// run_program() of process.h: feeds standard input and drains both outputs in one poll loop, so
// that neither side can block the other on a full pipe.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>

#include "common/io/process.h"

namespace farm::io {
namespace {

// The last bytes of a stream, bounded.
class Tail {
 public:
  explicit Tail(size_t limit) : limit_(limit) {}
  void add(std::string_view bytes) {
    text_.append(bytes);
    // Twice the limit before a cut, so that the cost per byte stays constant.
    if (text_.size() > 2 * limit_) text_.erase(0, text_.size() - limit_);
  }
  std::string take() {
    if (text_.size() > limit_) text_.erase(0, text_.size() - limit_);
    return std::move(text_);
  }

 private:
  size_t limit_;
  std::string text_;
};

// Reads what is there; closes the descriptor at its end.
void drain(Fd& fd, const ByteSink& sink, Tail& tail) {
  char buffer[32 << 10];
  const Result<size_t> got = read_some(fd.get(), buffer, sizeof buffer);
  if (!got || *got == 0) {
    fd.reset();
    return;
  }
  const std::string_view bytes(buffer, *got);
  tail.add(bytes);
  if (sink) sink(bytes);
}

void feed(Fd& fd, std::string_view& rest) {
  const ssize_t put = ::write(fd.get(), rest.data(), rest.size());
  if (put >= 0) rest.remove_prefix(static_cast<size_t>(put));
  const bool broken = put < 0 && errno != EAGAIN && errno != EINTR;
  if (broken || rest.empty()) fd.reset();  // a child that reads no more is no error
}

Error kill_and_say(Process& child, Error error) {
  child.stop(std::chrono::seconds(5));
  return error;
}

}  // namespace

Result<Finished> run_program(const RunOptions& options, const CancelToken& cancel) {
  SpawnOptions spawn = options.spawn;
  if (!options.input.empty()) spawn.standard_input = Stream::Pipe;
  Process child = TRY(Process::spawn(spawn));
  std::string_view input = options.input;
  if (input.empty()) child.standard_input().reset();
  if (child.standard_input().valid()) TRY(set_nonblocking(child.standard_input().get(), true));
  Tail out(options.keep_bytes);
  Tail err(options.keep_bytes);
  const Instant deadline = steady_now() + options.deadline;
  bool ended = false;
  while (!ended || child.standard_output().valid() || child.standard_error().valid()) {
    if (cancel.cancelled()) return kill_and_say(child, cancelled("cancelled"));
    const Duration left = deadline - steady_now();
    if (left.count() <= 0) {
      return kill_and_say(child, timed_out(spawn.argv.front() + " did not end in time"));
    }
    pollfd fds[5] = {{child.standard_output().get(), POLLIN, 0},
                     {child.standard_error().get(), POLLIN, 0},
                     {child.standard_input().get(), POLLOUT, 0},
                     {ended ? -1 : child.exit_fd(), POLLIN, 0},
                     {cancel.fd(), POLLIN, 0}};
    // Once the child has ended, a grandchild that kept the pipe is not waited for: what is in the
    // pipe now is all of it.
    const int64_t millis = ended ? 0 : std::min<int64_t>(left.count() / 1'000'000 + 1, 60'000);
    const int count = ::poll(fds, 5, static_cast<int>(millis));
    if (count < 0 && errno != EINTR) return kill_and_say(child, system_error("poll", errno));
    if (count == 0 && ended) break;
    if (fds[0].revents != 0) drain(child.standard_output(), options.on_stdout, out);
    if (fds[1].revents != 0) drain(child.standard_error(), options.on_stderr, err);
    if (fds[2].revents != 0) feed(child.standard_input(), input);
    if (fds[3].revents != 0) ended = child.poll().has_value();
  }
  const ExitStatus status = TRY(child.wait(deadline, cancel));
  return Finished{status, out.take(), err.take()};
}

Result<Finished> run_program_checked(const RunOptions& options, const CancelToken& cancel) {
  Finished finished = TRY(run_program(options, cancel));
  if (finished.status.success()) return finished;
  const std::string& said =
      finished.standard_error.empty() ? finished.standard_output : finished.standard_error;
  const std::string tail = last_lines(said, 5);
  return internal(options.spawn.argv.front() + ": " + finished.status.text() +
                  (tail.empty() ? "" : ": " + tail));
}

std::string last_lines(std::string_view text, size_t count) {
  std::vector<std::string_view> lines;
  size_t end = text.size();
  while (lines.size() < count && end > 0) {
    const size_t newline = text.rfind('\n', end - 1);
    const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    if (begin < end) lines.push_back(text.substr(begin, end - begin));
    end = newline == std::string_view::npos ? 0 : newline;
  }
  std::string joined;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!joined.empty()) joined += '\n';
    joined += *line;
  }
  return joined;
}

}  // namespace farm::io
