// Shell: one shell of a Windows machine by the WinRM shell protocol (MS-WSMV 3.1.4): commands run
// in it, their streams are sent and received. close() it: a machine has few shells per user.
// Thread: the build's.
#pragma once

#include <optional>
#include <string>

#include "builders/communicators/winrm/wsman.h"
#include "builders/core/communicator.h"

namespace farm::builders::winrm {

/// Gives `command` the output that an answer to Receive brought; the exit code once it is done.
Result<std::optional<int>> deliver_output(const WsmanAnswer& answer, const RemoteCommand& command);

/// How a command's standard input is opened.
enum class Input { Console, Pipe };

class Shell {
 public:
  /// `client` must outlive the shell.
  static Result<Shell> create(WsmanClient& client, const CancelToken& cancel);
  Shell(Shell&& other) noexcept : client_(other.client_), id_(std::move(other.id_)) {
    other.id_.clear();
  }
  Shell& operator=(Shell&&) = delete;
  /// As close().
  ~Shell();

  /// Runs a command to its end, streaming. kDisconnected when the connection or the shell was lost
  /// while it ran. A cancelled command is terminated in the machine.
  Result<int> run(const RemoteCommand& command, const CancelToken& cancel);
  /// Deletes the shell; a machine that is gone is no reason to wait long.
  void close();

 private:
  Shell(WsmanClient& client, std::string id) : client_(&client), id_(std::move(id)) {}
  Result<std::string> start(const std::string& command, Input input, const CancelToken& cancel);
  /// Feeds the command what it may read now; false once its input has ended.
  Result<bool> send_input(const std::string& id, const InputSource& input,
                          const CancelToken& cancel);
  /// Asks for output, for at most `patience` (0: the usual time). Empty: the command runs on.
  Result<std::optional<int>> receive(const std::string& id, const RemoteCommand& command,
                                     Duration patience, const CancelToken& cancel);
  Result<int> attend(const std::string& id, const RemoteCommand& command,
                     const CancelToken& cancel);
  void signal(const std::string& id, const char* code);
  Result<WsmanAnswer> send_last(WsmanRequest request);

  WsmanClient* client_;
  std::string id_;
  int failures_ = 0;  // of Receive, one after the other
};

}  // namespace farm::builders::winrm
