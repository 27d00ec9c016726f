// TestAgent: a real ssh-agent on a socket of its own, gone with the object; and programs of
// OpenSSH run to their end.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "builders/communicators/ssh/agent_client.h"
#include "common/base/environment.h"
#include "common/io/process.h"

namespace farm::builders::ssh {

inline io::Finished program(std::vector<std::string> argv,
                            const std::map<std::string, std::string>& more = {}) {
  io::RunOptions command;
  command.spawn.argv = std::move(argv);
  auto environment = Environment::of_process().all();
  for (const auto& [name, value] : more) environment[name] = value;
  command.spawn.environment = environment;
  auto finished = io::run_program_checked(command, CancelToken());
  EXPECT_TRUE(finished) << finished.error().message;
  return finished ? *finished : io::Finished{};
}

class TestAgent {
 public:
  explicit TestAgent(const std::string& directory) : socket_(directory + "/agent") {
    io::SpawnOptions spawn;
    spawn.argv = {"ssh-agent", "-D", "-a", socket_};
    auto started = io::Process::spawn(spawn);
    EXPECT_TRUE(started) << started.error().message;
    if (!started) return;
    process_ = std::make_unique<io::Process>(std::move(*started));
    const CancelToken never;
    const Instant deadline = io::steady_now() + std::chrono::seconds(60);
    while (!AgentClient::connect(socket_) && io::steady_now() < deadline) {
      never.sleep(std::chrono::milliseconds(10));
    }
  }
  TestAgent(const TestAgent&) = delete;
  TestAgent& operator=(const TestAgent&) = delete;
  ~TestAgent() {
    if (process_) process_->stop(std::chrono::seconds(1));
  }

  const std::string& socket() const { return socket_; }
  /// The agent has `key` and no other.
  void hold(const std::string& key) const {
    program({"ssh-add", "-q", "-D"}, {{"SSH_AUTH_SOCK", socket_}});
    program({"ssh-add", "-q", key}, {{"SSH_AUTH_SOCK", socket_}});
  }

 private:
  std::string socket_;
  std::unique_ptr<io::Process> process_;
};

}  // namespace farm::builders::ssh
