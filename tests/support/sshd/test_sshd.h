// TestSshd: a real OpenSSH server on a free loopback port with a configuration, host keys and
// authorized keys of its own in a temporary directory; gone with the object. Runs as the user who
// runs the tests, who is also the only one who can log in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/io/files.h"
#include "common/io/process.h"

namespace farm::test {

struct SshdSettings {
  std::vector<std::string> lines;  // more of sshd_config, before the defaults
  bool sftp = true;
};

class TestSshd {
 public:
  static Result<std::unique_ptr<TestSshd>> start(const SshdSettings& settings = {});
  ~TestSshd();

  uint16_t port() const { return port_; }
  const std::string& user() const { return user_; }
  /// Temporary; keys and whatever a test wants to leave there.
  const std::string& directory() const { return directory_.path(); }
  /// Adds a line to the authorized keys.
  Result<void> authorize(const std::string& line);
  /// A key pair that may log in: PEM or OpenSSH text by this project's generator.
  Result<std::string> make_key(const std::string& type, int64_t bits = 0);
  /// The same by ssh-keygen with `arguments` ("-t", "rsa"); the path of the private key.
  Result<std::string> keygen(const std::string& name, const std::vector<std::string>& arguments);
  /// Kills the server with every connection, as a reboot does.
  void stop();
  /// Starts it again on the same port.
  Result<void> start_again();

 private:
  TestSshd(io::TempDirectory directory, std::string user)
      : directory_(std::move(directory)), user_(std::move(user)) {}
  Result<void> write_config(const SshdSettings& settings);
  Result<void> launch();

  io::TempDirectory directory_;
  std::string user_;
  uint16_t port_ = 0;
  std::string config_tail_;
  std::unique_ptr<io::Process> process_;
};

/// A port that was free just now.
uint16_t free_port();

}  // namespace farm::test
