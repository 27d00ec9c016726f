#include "tests/bench/crowd/coordinator_process.h"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "common/base/log.h"
#include "common/io/fd.h"
#include "common/io/files.h"
#include "coordinator/reactor/zmq_server.h"

namespace farm::bench {
namespace {

int free_port(std::vector<io::Fd>& held) {
  io::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  FARM_CHECK(::bind(fd.get(), plain, size) == 0);
  FARM_CHECK(::getsockname(fd.get(), plain, &size) == 0);
  held.push_back(std::move(fd));
  return ntohs(address.sin_port);
}

double status_mib(pid_t pid, const std::string& name) {
  const std::string text =
      io::read_file("/proc/" + std::to_string(pid) + "/status").value_or(std::string());
  const size_t at = text.find(name + ":");
  return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + 1)) / 1024;
}

}  // namespace

CoordinatorProcess::CoordinatorProcess(std::string data) : data_(std::move(data)) {
  std::vector<io::Fd> held;
  for (std::string& endpoint : endpoints_) {
    endpoint = "tcp://127.0.0.1:" + std::to_string(free_port(held));
  }
}

Result<void> CoordinatorProcess::start() {
  pid_ = ::fork();
  if (pid_ < 0) return system_error("fork", errno);
  if (pid_ == 0) {
    ::execl("/proc/self/exe", "bench_crowd", "--serve", data_.c_str(), endpoints_[0].c_str(),
            endpoints_[1].c_str(), endpoints_[2].c_str(), nullptr);
    ::_exit(127);
  }
  return {};
}

void CoordinatorProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

double CoordinatorProcess::cpu_seconds() const {
  const std::string text =
      io::read_file("/proc/" + std::to_string(pid_) + "/stat").value_or(std::string());
  const size_t at = text.rfind(')');
  if (at == std::string::npos) return 0;
  unsigned long user = 0;
  unsigned long system = 0;
  // Fields 14 and 15 of proc(5), counted from the state behind the name.
  if (std::sscanf(text.c_str() + at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                  &user, &system) != 2) {
    return 0;
  }
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double CoordinatorProcess::resident_mib() const { return status_mib(pid_, "VmRSS"); }
double CoordinatorProcess::peak_mib() const { return status_mib(pid_, "VmHWM"); }

void CoordinatorProcess::serve(const std::string& data,
                               const std::array<std::string, 3>& endpoints) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  log::configure(log::Level::Info, log::Format::Logfmt);
  if (!log::to_file(data + ".log")) ::_exit(1);
  coordinator::ServerConfig config;
  config.data = data;
  config.control = endpoints[0];
  config.bulk = endpoints[1];
  config.enroll = endpoints[2];
  config.https = "off";
  config.version = "bench";
  auto server = coordinator::ZmqServer::start(config);
  if (!server) {
    std::fprintf(stderr, "coordinator: %s\n", server.error().message.c_str());
    ::_exit(1);
  }
  (*server)->run();
  ::_exit(0);
}

}  // namespace farm::bench
