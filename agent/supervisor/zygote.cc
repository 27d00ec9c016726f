#include "agent/supervisor/zygote.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/supervisor/packet.h"
#include "agent/supervisor/zygote_process.h"

namespace farm::agent {
namespace {

constexpr int kEndWaitMs = 5'000;

// "word\nword\n...": the last field may hold anything.
std::string next_field(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string field(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return field;
}

template <class T>
bool read_number(const std::string& text, T& into) {
  return std::from_chars(text.data(), text.data() + text.size(), into).ec == std::errc();
}

Result<ZygoteReport> parse_report(Packet packet) {
  std::string_view text = packet.text;
  const std::string word = next_field(text);
  ZygoteReport report;
  if (word == "started") {
    report.kind = ZygoteReport::Kind::Started;
    report.pidfd = std::move(packet.descriptor);
    report.identity = next_field(text);
    report.directory = std::string(text);
    if (read_number(report.identity, report.pid)) return report;
  } else if (word == "failed") {
    report.kind = ZygoteReport::Kind::NotStarted;
    report.error = next_field(text);
    report.directory = std::string(text);
    return report;
  } else if (word == "exited") {
    report.kind = ZygoteReport::Kind::Exited;
    if (read_number(next_field(text), report.pid) &&
        read_number(std::string(text), report.wait_status)) {
      return report;
    }
  }
  return corrupt("zygote: unknown report");
}

}  // namespace

Result<Zygote> Zygote::fork_off(const ZygoteOptions& options) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return system_error("socketpair", errno);
  }
  io::Fd ours(ends[0]);
  io::Fd theirs(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return system_error("fork zygote", errno);
  if (pid == 0) {
    ours.reset();
    ::_exit(run_zygote(theirs.release(), options));
  }
  return Zygote(std::move(ours), pid);
}

Zygote::Zygote(Zygote&& other) noexcept
    : socket_(std::move(other.socket_)), pid_(std::exchange(other.pid_, -1)) {}

Zygote::~Zygote() {
  if (pid_ <= 0) return;
  socket_.reset();  // the zygote's reason to end
  const io::Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd waiter{pidfd.get(), POLLIN, 0};
  if (pidfd.valid() && ::poll(&waiter, 1, kEndWaitMs) == 0) ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Result<void> Zygote::start(const std::string& directory, ControlChannel runner_end) {
  const io::Fd descriptor = runner_end.release();
  return send_packet(socket_.get(), directory, descriptor.get());
}

Result<std::optional<ZygoteReport>> Zygote::receive() {
  std::optional<Packet> packet = TRY(receive_packet(socket_.get()));
  if (!packet) return std::optional<ZygoteReport>();
  ZygoteReport report = TRY(parse_report(*std::move(packet)));
  return std::optional<ZygoteReport>(std::move(report));
}

}  // namespace farm::agent
