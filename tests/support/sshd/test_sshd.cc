#include "tests/support/sshd/test_sshd.h"

#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include <fmt/format.h>

#include "builders/communicators/ssh/key_pair.h"
#include "builders/communicators/ssh/tcp.h"

namespace farm::test {
namespace {

constexpr auto kStartTime = std::chrono::seconds(20);
constexpr int kPortTries = 5;

/// Children of `pid`, theirs, and so on. Sessions have process groups of their own.
void collect_descendants(pid_t pid, std::vector<pid_t>& into) {
  const auto text = io::read_file(fmt::format("/proc/{0}/task/{0}/children", pid));
  std::istringstream children(text.value_or(""));
  for (pid_t child = 0; children >> child;) {
    into.push_back(child);
    collect_descendants(child, into);
  }
}

}  // namespace

uint16_t free_port() {
  const io::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

Result<std::unique_ptr<TestSshd>> TestSshd::start(const SshdSettings& settings) {
  io::TempDirectory directory = TRY(io::TempDirectory::create("/tmp", "farm-sshd-"));
  const passwd* account = ::getpwuid(::geteuid());
  if (!account) return internal("the user of the tests has no account");
  std::unique_ptr<TestSshd> server(new TestSshd(std::move(directory), account->pw_name));
  // The server's privilege separation wants this directory when it runs as root.
  if (::geteuid() == 0) ::mkdir("/run/sshd", 0755);
  const builders::ssh::KeyPair host_key = TRY(
      builders::ssh::generate_key_pair(builders::ssh::KeyPairType::Ed25519, 0, "test host key"));
  TRY(io::write_file(server->directory() + "/host_key", host_key.private_key.reveal(), 0600));
  TRY(io::write_file(server->directory() + "/authorized_keys", "", 0600));
  TRY(server->write_config(settings));
  TRY(server->launch());
  return server;
}

Result<void> TestSshd::write_config(const SshdSettings& settings) {
  for (const std::string& line : settings.lines) config_tail_ += line + "\n";
  config_tail_ += fmt::format(
      "ListenAddress 127.0.0.1\nHostKey {0}/host_key\nAuthorizedKeysFile {0}/authorized_keys\n"
      "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nLoginGraceTime 60\n"
      "MaxStartups 100\nPrintMotd no\nUseDNS no\n"
      // The start-up files of the user's shell have no part in this.
      "SetEnv HOME={0}\n",
      directory());
  if (settings.sftp) config_tail_ += "Subsystem sftp /usr/lib/openssh/sftp-server\n";
  return {};
}

Result<void> TestSshd::launch() {
  const CancelToken never;
  const bool first = port_ == 0;
  for (int tries = 0;; ++tries) {
    if (first) port_ = free_port();
    TRY(io::write_file(directory() + "/sshd_config",
                       fmt::format("Port {}\n{}", port_, config_tail_)));
    io::SpawnOptions options;
    options.argv = {"/usr/sbin/sshd",    "-D", "-f", directory() + "/sshd_config", "-E",
                    directory() + "/log"};
    options.standard_output = io::Stream::Null;
    options.standard_error = io::Stream::Null;
    process_ = std::make_unique<io::Process>(TRY(io::Process::spawn(options)));
    const Instant deadline = io::steady_now() + kStartTime;
    while (io::steady_now() < deadline && !process_->poll()) {
      if (builders::ssh::tcp_connect("127.0.0.1", port_, deadline, never)) return {};
      never.sleep(std::chrono::milliseconds(10));
    }
    if (tries == kPortTries || !first) {
      return unavailable("sshd does not start: " +
                         io::read_file(directory() + "/log").value_or(""));
    }
  }
}

void TestSshd::stop() {
  if (!process_) return;
  // Stopped first, so that it starts no session while its sessions are looked up.
  process_->kill(SIGSTOP);
  std::vector<pid_t> sessions;
  collect_descendants(process_->pid(), sessions);
  process_->kill(SIGKILL);
  for (const pid_t pid : sessions) ::kill(pid, SIGKILL);
  process_->stop(std::chrono::seconds(1));
  process_.reset();
}

Result<void> TestSshd::start_again() {
  return launch();
}

TestSshd::~TestSshd() {
  stop();
}

Result<void> TestSshd::authorize(const std::string& line) {
  const std::string path = directory() + "/authorized_keys";
  std::string text = TRY(io::read_file(path));
  text += line;
  if (!text.ends_with('\n')) text += '\n';
  return io::write_file(path, text, 0600);
}

Result<std::string> TestSshd::make_key(const std::string& type, int64_t bits) {
  const auto kind = TRY(builders::ssh::key_pair_type_from_name(type));
  const auto pair = TRY(builders::ssh::generate_key_pair(kind, bits, "test"));
  TRY(authorize(pair.authorized_keys));
  return pair.private_key.reveal();
}

Result<std::string> TestSshd::keygen(const std::string& name,
                                     const std::vector<std::string>& arguments) {
  const std::string path = directory() + "/" + name;
  io::RunOptions options;
  options.spawn.argv = {"ssh-keygen", "-q", "-N", "", "-f", path};
  options.spawn.argv.insert(options.spawn.argv.end(), arguments.begin(), arguments.end());
  TRY(io::run_program_checked(options, CancelToken()));
  const std::string line = TRY(io::read_file(path + ".pub"));
  TRY(authorize(line));
  return path;
}

}  // namespace farm::test
