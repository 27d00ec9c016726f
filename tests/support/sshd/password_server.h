// PasswordServer: an SSH server inside the test process (libssh) that knows one user and one
// password, by the password method or by keyboard-interactive questions, and answers every command
// with its own text. OpenSSH would need an account of the system for this.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "common/base/cancel.h"
#include "common/base/result.h"
#include "common/io/fd.h"

namespace farm::test {

struct PasswordRules {
  std::string user = "user";
  std::string password = "secret";
  bool password_method = true;
  int questions = 0;  // keyboard-interactive, all to be answered with the password
};

class PasswordServer {
 public:
  /// `host_key_path`: a private key file for the server.
  static Result<std::unique_ptr<PasswordServer>> start(const PasswordRules& rules,
                                                       const std::string& host_key_path);
  ~PasswordServer();
  uint16_t port() const { return port_; }
  /// Logins refused so far.
  int refused() const { return refused_; }

 private:
  explicit PasswordServer(PasswordRules rules) : rules_(std::move(rules)) {}
  void loop(const std::string& host_key_path);
  void serve(void* session);

  PasswordRules rules_;
  io::Fd listener_;
  uint16_t port_ = 0;
  std::atomic<int> refused_{0};
  CancelToken stop_;
  std::thread thread_;
};

}  // namespace farm::test
