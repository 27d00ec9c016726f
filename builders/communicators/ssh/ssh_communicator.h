// SshCommunicator: runs commands on a machine and moves files, over one SSH session. A session that
// was lost between two calls (the machine was restarted) is made anew by the next call.
// Thread: the build's.
#pragma once

#include <functional>
#include <memory>

#include "builders/communicators/ssh/agent_forwarding.h"
#include "builders/communicators/ssh/channel.h"
#include "builders/communicators/ssh/dialer.h"
#include "builders/communicators/ssh/directory_transfer.h"
#include "builders/communicators/ssh/file_transfer.h"
#include "builders/core/communicator.h"

namespace farm::builders::ssh {

class SshCommunicator final : public Communicator {
 public:
  SshCommunicator(Dialer dialer, Connection connection);
  ~SshCommunicator() override;

  /// Starts ssh_local_tunnels and ssh_remote_tunnels, over a session of their own.
  Result<void> open_tunnels(const CancelToken& cancel);

  Result<int> run(const RemoteCommand& command, const CancelToken& cancel) override;
  Result<void> upload(const std::string& local, const std::string& remote, uint32_t mode,
                      const ProgressSink& progress, const CancelToken& cancel) override;
  Result<void> upload_bytes(std::string_view bytes, const std::string& remote, uint32_t mode,
                            const CancelToken& cancel) override;
  Result<void> upload_directory(const std::string& local, const std::string& remote,
                                const std::vector<std::string>& exclude,
                                const CancelToken& cancel) override;
  Result<void> download(const std::string& remote, const std::string& local,
                        const ProgressSink& progress, const CancelToken& cancel) override;
  Result<void> download_directory(const std::string& remote, const std::string& local,
                                  const std::vector<std::string>& exclude,
                                  const CancelToken& cancel) override;

 private:
  /// The session, made anew if it is known to be lost.
  Result<Session*> session(const CancelToken& cancel);
  /// Starts lending the agent over this session if it is wanted and the machine can; says once
  /// when it cannot.
  void forward_agent(Session& session, const CancelToken& cancel);
  /// A channel on a live session: a stale one is noticed here at the latest.
  Result<Channel> open_channel(const CancelToken& cancel);
  enum class AgentWork { Carry, Flush };
  /// Takes requests to the agent and answers back; Flush: until no answer waits. True when
  /// something moved.
  Result<bool> carry_agent(AgentWork work, const Wait& wait);
  Result<int> stream(Channel& channel, const RemoteCommand& command, const Wait& wait);
  std::unique_ptr<FileTransfer> transfer(Session& session) const;
  /// What goes on with a file at an offset: sftp, if the server has it.
  std::unique_ptr<FileTransfer> resuming_transfer(Session& session, const Wait& wait) const;
  using Move = std::function<Result<void>(FileTransfer&, ResumePoint&)>;
  /// Does `move` with a file transfer; again on a new session, where it had come to, as long as
  /// connections are lost and the move gets on.
  Result<void> with_transfer(const Move& move, const CancelToken& cancel);
  Result<void> send_file(const UploadSource& source, const std::string& remote, uint32_t mode,
                         const ProgressSink& progress, const CancelToken& cancel);
  /// Whether the machine can tell that its file has `sha256`; true when it cannot tell.
  Result<bool> same_there(const std::string& remote, const std::string& sha256,
                          const CancelToken& cancel);
  using TreeMove = std::function<Result<void>(DirectoryTransfer&)>;
  Result<void> with_tree(const TreeMove& move, const CancelToken& cancel);
  /// A session after a loss: the machine may need a while to come back.
  Result<Session*> session_again(const CancelToken& cancel);

  Dialer dialer_;
  Connection connection_;
  std::unique_ptr<AgentForwarding> agent_;  // goes before its session
  bool agent_refused_ = false;              // the machine cannot; it was said
  std::unique_ptr<StreamForwarder> tunnels_;
};

}  // namespace farm::builders::ssh
