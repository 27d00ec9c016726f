#include "tests/support/winrm/test_winrm.h"

#include <cstdlib>
#include <poll.h>
#include <unistd.h>

namespace farm::test {
namespace {

constexpr auto kStartTime = std::chrono::seconds(30);

// "port N" as the first line of the server's output.
Result<uint16_t> read_port(int fd) {
  const Instant deadline = io::steady_now() + kStartTime;
  std::string text;
  while (text.find('\n') == std::string::npos) {
    if (io::steady_now() > deadline) return timed_out("the WinRM simulator said nothing");
    pollfd waiter{fd, POLLIN, 0};
    ::poll(&waiter, 1, 100);
    char buffer[256];
    if (waiter.revents == 0) continue;
    const ssize_t count = ::read(fd, buffer, sizeof(buffer));
    if (count <= 0) return unavailable("the WinRM simulator does not start");
    text.append(buffer, static_cast<size_t>(count));
  }
  return static_cast<uint16_t>(std::atoi(text.c_str() + std::string("port ").size()));
}

}  // namespace

Result<std::unique_ptr<TestWinRm>> TestWinRm::start(const std::vector<std::string>& arguments) {
  io::TempDirectory directory = TRY(io::TempDirectory::create("/tmp", "farm-winrm-"));
  std::unique_ptr<TestWinRm> server(new TestWinRm(std::move(directory)));
  TRY(server->launch(arguments));
  return server;
}

Result<void> TestWinRm::launch(const std::vector<std::string>& arguments) {
  TRY(set_faults("[]"));
  io::SpawnOptions options;
  options.argv = {"python3", "-B", std::string(FARM_SOURCE_DIR) + "/tests/simulators/winrm/server.py",
                  "--root", directory(), "--log", directory() + "/log",
                  "--faults", directory() + "/faults"};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.standard_input = io::Stream::Pipe;  // it ends with us
  options.standard_error = io::Stream::Inherit;
  process_ = std::make_unique<io::Process>(TRY(io::Process::spawn(options)));
  port_ = TRY(read_port(process_->standard_output().get()));
  return {};
}

Result<void> TestWinRm::set_faults(const std::string& json) {
  return io::write_file_atomic(directory() + "/faults", json);
}

std::vector<std::string> TestWinRm::requests() const {
  std::vector<std::string> lines;
  const std::string text = io::read_file(directory() + "/log").value_or("");
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

size_t TestWinRm::count(const std::string& start) const {
  size_t found = 0;
  for (const std::string& line : requests()) found += line.starts_with(start) ? 1U : 0U;
  return found;
}

}  // namespace farm::test
