#include "builders/communicators/ssh/ssh_communicator.h"

#include <utility>
#include <vector>

#include "builders/communicators/ssh/directory_transfer.h"
#include "builders/communicators/ssh/stream_forwarder.h"
#include "builders/communicators/ssh/scp.h"
#include "builders/communicators/ssh/sftp.h"
#include "common/base/log.h"

namespace farm::builders::ssh {
namespace {

constexpr size_t kOutputBuffer = 256U << 10;
constexpr size_t kCommandInputBuffer = 64U << 10;
// How soon a source that had nothing to give is asked again.
constexpr auto kInputPause = std::chrono::milliseconds(5);
// For opening a channel on a connection that may have died silently.
constexpr auto kOpenTime = std::chrono::seconds(60);
// How long a machine that went away in the middle of a transfer may take to be there again.
constexpr auto kComeBackTime = std::chrono::seconds(60);
constexpr auto kComeBackPause = std::chrono::milliseconds(500);
// Lost connections in a row during which nothing more was moved.
constexpr int kBarrenTries = 10;
// For perl or Python to start in a machine that is emulated and busy.
constexpr auto kListenerTime = std::chrono::seconds(30);

/// The command's standard input, fetched piece by piece.
class InputFeed {
 public:
  explicit InputFeed(const InputSource& source) : source_(source), open_(true) {}

  /// Sends what the channel takes now. True when it made progress.
  Result<bool> push(Channel& channel, const Wait& wait) {
    if (!open_) return false;
    if (at_ == pending_.size()) {
      pending_.resize(kCommandInputBuffer);
      const size_t given = source_ ? source_(pending_.data(), pending_.size()) : 0;
      waiting_ = given == kNoInputYet;
      pending_.resize(waiting_ ? 0 : given);
      at_ = 0;
      if (waiting_) return false;
    }
    if (pending_.empty()) {
      open_ = false;
      TRY(channel.send_end(wait));
      return true;
    }
    const Transfer put = TRY(channel.try_write(std::string_view(pending_).substr(at_)));
    if (put.moved == Moved::End) open_ = false;
    at_ += put.count;
    return put.moved == Moved::Some;
  }

  /// The source had nothing to give just now.
  bool waiting() const { return open_ && waiting_; }

 private:
  const InputSource& source_;
  std::string pending_;
  size_t at_ = 0;
  bool waiting_ = false;
  bool open_;
};

}  // namespace

SshCommunicator::SshCommunicator(Dialer dialer, Connection connection)
    : dialer_(std::move(dialer)), connection_(std::move(connection)) {}

SshCommunicator::~SshCommunicator() = default;

Result<Session*> SshCommunicator::session(const CancelToken& cancel) {
  if (!connection_.session || connection_.session->peer_closed()) {
    agent_.reset();
    connection_ = Connection();
    connection_ = TRY(dialer_.dial(cancel));
    // What ended this session ended theirs.
    if (tunnels_) TRY(open_tunnels(cancel));
  }
  return connection_.session.get();
}

Result<void> SshCommunicator::open_tunnels(const CancelToken& cancel) {
  const SshOptions& options = dialer_.options();
  if (options.local_tunnels.empty() && options.remote_tunnels.empty()) return {};
  tunnels_.reset();  // frees the local ports
  Connection carrier = TRY(dialer_.dial(cancel));
  auto tunnels = std::make_unique<StreamForwarder>(std::move(carrier.session));
  tunnels->keep(std::move(carrier.bastion));
  for (const Tunnel& tunnel : options.remote_tunnels) {
    TRY(tunnels->listen_there(tunnel, {cancel, io::steady_now() + kOpenTime}));
  }
  for (const Tunnel& tunnel : options.local_tunnels) TRY(tunnels->listen_here(tunnel));
  tunnels->start();
  tunnels_ = std::move(tunnels);
  return {};
}

Result<Channel> SshCommunicator::open_channel(const CancelToken& cancel) {
  Session* first = TRY(session(cancel));
  auto opened = Channel::open_command(*first, {cancel, io::steady_now() + kOpenTime});
  if (opened || !first->lost()) return opened;
  Session* second = TRY(session(cancel));
  return Channel::open_command(*second, {cancel, io::steady_now() + kOpenTime});
}

void SshCommunicator::forward_agent(Session& session, const CancelToken& cancel) {
  const SshOptions& options = dialer_.options();
  if (agent_ || agent_refused_ || options.disable_agent_forwarding ||
      options.agent_socket.empty()) {
    return;
  }
  auto started = AgentForwarding::start(session, options.agent_socket,
                                        {cancel, io::steady_now() + kListenerTime});
  if (started) {
    agent_ = std::move(*started);
    return;
  }
  if (session.lost() || cancel.cancelled()) return;
  agent_refused_ = true;
  log::warn("commands in the machine cannot use the SSH agent (ssh_disable_agent_forwarding = true "
            "forgoes it)",
            {{"error", started.error().message}});
}

Result<bool> SshCommunicator::carry_agent(AgentWork work, const Wait& wait) {
  if (!agent_) return false;
  for (;;) {
    const auto moved = work == AgentWork::Flush ? agent_->flush() : agent_->carry(wait.cancel);
    if (!moved) {
      if (connection_.session->lost()) return moved.error();
      log::warn("ssh agent forwarding ended", {{"error", moved.error().message}});
      agent_.reset();
      return true;
    }
    if (work == AgentWork::Carry || !agent_->has_output()) return *moved;
    if (!*moved) TRY(connection_.session->wait_ready(wait));
  }
}

Result<int> SshCommunicator::stream(Channel& channel, const RemoteCommand& command,
                                    const Wait& wait) {
  Session& session = *connection_.session;
  std::vector<char> buffer(kOutputBuffer);
  InputFeed input(command.input);
  const std::pair<ChannelStream, const OutputSink&> outputs[] = {
      {ChannelStream::Output, command.on_stdout}, {ChannelStream::ErrorOutput, command.on_stderr}};
  for (;;) {
    bool moved = TRY(input.push(channel, wait));
    size_t ended = 0;
    for (const auto& [stream, sink] : outputs) {
      const Transfer got = TRY(channel.try_read(stream, buffer.data(), buffer.size()));
      if (got.moved == Moved::End) ++ended;
      if (got.moved != Moved::Some) continue;
      moved = true;
      if (sink) sink(std::string_view(buffer.data(), got.count));
    }
    if (ended == std::size(outputs)) {
      // The library cannot close a channel while it has half a packet of another one to send.
      TRY(carry_agent(AgentWork::Flush, wait));
      return channel.finish(wait);
    }
    moved = TRY(carry_agent(AgentWork::Carry, wait)) || moved;
    TRY(wait.cancel.check());
    if (moved) continue;
    if (!input.waiting()) {
      TRY(session.wait_ready(wait));
      continue;
    }
    const Result<void> ready = session.wait_ready({wait.cancel, io::steady_now() + kInputPause});
    if (!ready && (session.lost() || ready.error().code != ErrorCode::Timeout)) {
      return ready.error();
    }
  }
}

Result<int> SshCommunicator::run(const RemoteCommand& command, const CancelToken& cancel) {
  Channel channel = TRY(open_channel(cancel));
  const Wait soon{cancel, io::steady_now() + kOpenTime};
  if (dialer_.options().pty) TRY(channel.request_pty(soon));
  forward_agent(*connection_.session, cancel);
  TRY(channel.exec(agent_ ? agent_->with_socket(command.command) : command.command, soon));
  auto status = stream(channel, command, {cancel, std::nullopt});
  if (!status && status.error().code != ErrorCode::Cancelled && connection_.session->lost()) {
    return kDisconnected;
  }
  return status;
}

std::unique_ptr<FileTransfer> SshCommunicator::transfer(Session& session) const {
  if (dialer_.options().transfer_method == TransferMethod::Sftp) {
    return std::make_unique<SftpTransfer>(session);
  }
  return std::make_unique<ScpTransfer>(session);
}

std::unique_ptr<FileTransfer> SshCommunicator::resuming_transfer(Session& session,
                                                                 const Wait& wait) const {
  if (dialer_.options().transfer_method == TransferMethod::Scp && !Sftp::open(session, wait)) {
    return std::make_unique<ScpTransfer>(session);
  }
  return std::make_unique<SftpTransfer>(session);
}

Result<Session*> SshCommunicator::session_again(const CancelToken& cancel) {
  const Instant deadline = io::steady_now() + kComeBackTime;
  for (;;) {
    auto made = session(cancel);
    const bool later = !made && made.error().retryable;
    if (!later || io::steady_now() >= deadline) return made;
    if (!cancel.sleep(kComeBackPause)) return cancelled("cancelled");
  }
}

Result<void> SshCommunicator::with_transfer(const Move& move, const CancelToken& cancel) {
  ResumePoint point;
  Session* live = TRY(session(cancel));
  auto moved = move(*transfer(*live), point);
  for (int barren = 0; !moved && live->lost() && barren < kBarrenTries;) {
    if (moved.error().code == ErrorCode::Cancelled) return moved;
    const uint64_t before = point.done;
    live = TRY(session_again(cancel));
    const Wait soon{cancel, io::steady_now() + kOpenTime};
    const auto again = resuming_transfer(*live, soon);
    if (live->lost()) {
      ++barren;
      continue;
    }
    moved = move(*again, point);
    barren = point.done > before ? 0 : barren + 1;
  }
  return moved;
}

Result<bool> SshCommunicator::same_there(const std::string& remote, const std::string& sha256,
                                         const CancelToken& cancel) {
  RemoteCommand command;
  std::string answer;
  command.command = "sha256sum < " + TRY(remote_word(remote));
  command.on_stdout = [&](std::string_view bytes) { answer += bytes; };
  const int status = TRY(run(command, cancel));
  return status != 0 || answer.starts_with(sha256);
}

Result<void> SshCommunicator::send_file(const UploadSource& source, const std::string& remote,
                                        uint32_t mode, const ProgressSink& progress,
                                        const CancelToken& cancel) {
  bool resumed = false;
  const auto send = [&] {
    return with_transfer(
        [&](FileTransfer& files, ResumePoint& point) {
          auto sent = files.upload_from(point, source, remote, mode, progress,
                                        {cancel, std::nullopt});
          resumed = point.used;
          return sent;
        },
        cancel);
  };
  TRY(send());
  if (!resumed) return {};
  // What was written before the loss may have been in the memory of a machine that was reset.
  const std::string sum = TRY(source.sha256(cancel));
  const bool same = TRY(same_there(remote, sum, cancel));
  return same ? Result<void>() : send();
}

Result<void> SshCommunicator::upload(const std::string& local, const std::string& remote,
                                     uint32_t mode, const ProgressSink& progress,
                                     const CancelToken& cancel) {
  const UploadSource source = TRY(UploadSource::open(local));
  return send_file(source, remote, mode, progress, cancel);
}

Result<void> SshCommunicator::upload_bytes(std::string_view bytes, const std::string& remote,
                                           uint32_t mode, const CancelToken& cancel) {
  return send_file(UploadSource::of(bytes), remote, mode, {}, cancel);
}

Result<void> SshCommunicator::download(const std::string& remote, const std::string& local,
                                       const ProgressSink& progress, const CancelToken& cancel) {
  return with_transfer(
      [&](FileTransfer& files, ResumePoint& point) {
        return files.download_from(point, remote, local, progress, {cancel, std::nullopt});
      },
      cancel);
}

// Trees begin anew: a stream has no offset that both sides would agree on.
Result<void> SshCommunicator::with_tree(const TreeMove& move, const CancelToken& cancel) {
  Session* live = TRY(session(cancel));
  for (int left = kBarrenTries;; --left) {
    const auto files = transfer(*live);
    DirectoryTransfer trees(*live, *files);
    auto moved = move(trees);
    if (moved || !live->lost() || left == 0 || moved.error().code == ErrorCode::Cancelled) {
      return moved;
    }
    live = TRY(session_again(cancel));
  }
}

Result<void> SshCommunicator::upload_directory(const std::string& local, const std::string& remote,
                                               const std::vector<std::string>& exclude,
                                               const CancelToken& cancel) {
  return with_tree(
      [&](DirectoryTransfer& trees) {
        return trees.upload(local, remote, exclude, {cancel, std::nullopt});
      },
      cancel);
}

Result<void> SshCommunicator::download_directory(const std::string& remote,
                                                 const std::string& local,
                                                 const std::vector<std::string>& exclude,
                                                 const CancelToken& cancel) {
  return with_tree(
      [&](DirectoryTransfer& trees) {
        return trees.download(remote, local, exclude, {cancel, std::nullopt});
      },
      cancel);
}

}  // namespace farm::builders::ssh
