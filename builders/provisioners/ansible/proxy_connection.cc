#include "builders/provisioners/ansible/proxy_connection.h"

#include <algorithm>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

namespace farm::builders::provisioner_ansible {
namespace {

constexpr size_t kChannels = 64;
constexpr int kLoginTries = 10;
constexpr long kGreetingSeconds = 20;
constexpr int kPollMilliseconds = 1000;
constexpr uint32_t kPiece = 32U << 10;

struct EventFree {
  void operator()(ssh_event_struct* event) const noexcept { ssh_event_free(event); }
};

int on_wake(socket_t fd, int, void*) {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd, &count, sizeof count);
  return 0;
}

int on_stop(socket_t, int, void*) { return 0; }

}  // namespace

void SshSessionFree::operator()(ssh_session_struct* session) const noexcept {
  ssh_disconnect(session);
  ssh_free(session);
}

struct ProxyConnection::Channel {
  ssh_channel raw = nullptr;
  ssh_channel_callbacks_struct callbacks{};
  std::map<std::string, std::string> environment;
  std::shared_ptr<ChannelPipe> pipe;  // set when something runs
  bool terminal = false;              // asked for
  bool input_ended = false;
  bool finished = false;

  ~Channel() {
    if (pipe) pipe->abandon();
    ssh_channel_free(raw);
  }
};

struct ProxyConnection::Callbacks {
  static ProxyConnection& self(void* data) { return *static_cast<ProxyConnection*>(data); }

  static int public_key(ssh_session, const char* user, ssh_key_struct* key, char state,
                        void* data) {
    ProxyConnection& connection = self(data);
    const bool known = connection.rules_.user == user &&
                       ssh_key_cmp(key, connection.rules_.authorized_key, SSH_KEY_CMP_PUBLIC) == 0;
    // An offer without signature is only asked about; the library has checked a signature.
    if (known && (state == SSH_PUBLICKEY_STATE_NONE || state == SSH_PUBLICKEY_STATE_VALID)) {
      return SSH_AUTH_SUCCESS;
    }
    ++connection.refused_logins_;
    return SSH_AUTH_DENIED;
  }

  static ssh_channel open_channel(ssh_session session, void* data) {
    ProxyConnection& connection = self(data);
    if (connection.channels_.size() >= kChannels) return nullptr;
    auto channel = std::make_unique<Channel>();
    channel->raw = ssh_channel_new(session);
    if (channel->raw == nullptr) return nullptr;
    channel->callbacks.userdata = data;
    channel->callbacks.channel_exec_request_function = exec;
    channel->callbacks.channel_shell_request_function = shell;
    channel->callbacks.channel_subsystem_request_function = subsystem;
    channel->callbacks.channel_env_request_function = environment;
    channel->callbacks.channel_pty_request_function = terminal;
    channel->callbacks.channel_pty_window_change_function = resize;
    ssh_callbacks_init(&channel->callbacks);
    ssh_set_channel_callbacks(channel->raw, &channel->callbacks);
    connection.channels_.push_back(std::move(channel));
    return connection.channels_.back()->raw;
  }

  static int exec(ssh_session, ssh_channel raw, const char* command, void* data) {
    return self(data).start(raw, command);
  }

  static int shell(ssh_session, ssh_channel raw, void* data) {
    return self(data).start_shell(raw);
  }

  static int subsystem(ssh_session, ssh_channel raw, const char* name, void* data) {
    if (std::string_view(name) != "sftp") return 1;
    return self(data).start(raw, self(data).rules_.sftp_command);
  }

  static int environment(ssh_session, ssh_channel raw, const char* name, const char* value,
                         void* data) {
    Channel* channel = self(data).find(raw);
    if (channel == nullptr || channel->environment.size() >= 256) return 1;
    channel->environment[name] = value;
    return 0;
  }

  // A terminal is promised and not made: clients ask for one so that the command ends with them,
  // which the adapter sees to itself.
  static int terminal(ssh_session, ssh_channel raw, const char*, int, int, int, int, void* data) {
    Channel* channel = self(data).find(raw);
    if (channel != nullptr) channel->terminal = true;
    return 0;
  }
  static int resize(ssh_session, ssh_channel, int, int, int, int, void*) { return 0; }
};

ProxyConnection::ProxyConnection(SshSession session, const ClientRules& rules, Bridge& bridge)
    : session_(std::move(session)), rules_(rules), bridge_(bridge) {}
ProxyConnection::~ProxyConnection() = default;

ProxyConnection::Channel* ProxyConnection::find(const ssh_channel_struct* raw) {
  for (const auto& channel : channels_) {
    if (channel->raw == raw) return channel.get();
  }
  return nullptr;
}

std::shared_ptr<ChannelPipe> ProxyConnection::make_pipe() const {
  return std::make_shared<ChannelPipe>([wake = wake_] {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t put = ::write(wake->get(), &one, sizeof one);
  });
}

int ProxyConnection::start(ssh_channel_struct* raw, const std::string& command) {
  Channel* channel = find(raw);
  if (channel == nullptr || channel->pipe || command.empty()) return 1;
  channel->pipe = make_pipe();
  bridge_.post({command, channel->environment, channel->pipe});
  return 0;
}

// A shell that reads commands needs no terminal. One that talks to a person does, and the build's
// communicator has none to give: the person is told.
int ProxyConnection::start_shell(ssh_channel_struct* raw) {
  Channel* channel = find(raw);
  if (channel == nullptr || channel->pipe) return 1;
  if (!channel->terminal && !rules_.shell_command.empty()) return start(raw, rules_.shell_command);
  channel->pipe = make_pipe();
  channel->pipe->write(PipeStream::ErrorOutput,
                       channel->terminal
                           ? "This adapter has no interactive shell: give ssh a command.\r\n"
                           : "This adapter has no shell for this guest: give ssh a command.\r\n");
  channel->pipe->finish(1);
  return 0;
}

// Everything that answers the client is in place before the first packet: a fast client's login
// request may come with its last packet of the key exchange.
void ProxyConnection::run(const CancelToken& stop) {
  wake_ = std::make_shared<io::Fd>(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_->valid()) return;
  ssh_server_callbacks_struct callbacks{};
  callbacks.userdata = this;
  callbacks.auth_pubkey_function = Callbacks::public_key;
  callbacks.channel_open_request_session_function = Callbacks::open_channel;
  ssh_callbacks_init(&callbacks);
  ssh_set_server_callbacks(session_.get(), &callbacks);
  ssh_set_auth_methods(session_.get(), SSH_AUTH_METHOD_PUBLICKEY);
  long patience = kGreetingSeconds;
  ssh_options_set(session_.get(), SSH_OPTIONS_TIMEOUT, &patience);
  if (ssh_handle_key_exchange(session_.get()) == SSH_OK) serve(stop);
  channels_.clear();
  session_.reset();  // before the callbacks go
}

void ProxyConnection::serve(const CancelToken& stop) {
  ssh_set_blocking(session_.get(), 0);

  const std::unique_ptr<ssh_event_struct, EventFree> event(ssh_event_new());
  ssh_event_add_session(event.get(), session_.get());
  ssh_event_add_fd(event.get(), wake_->get(), POLLIN, on_wake, nullptr);
  ssh_event_add_fd(event.get(), stop.fd(), POLLIN, on_stop, nullptr);
  while (!stop.cancelled() && refused_logins_ < kLoginTries) {
    if (ssh_event_dopoll(event.get(), kPollMilliseconds) == SSH_ERROR) break;
    if ((ssh_get_status(session_.get()) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0) break;
    // Sending may have taken in more, for which nothing would wake us.
    while (move_data() == Moved::Some) continue;
  }
  channels_.clear();
  ssh_event_remove_fd(event.get(), stop.fd());
  ssh_event_remove_fd(event.get(), wake_->get());
  ssh_event_remove_session(event.get(), session_.get());
}

ProxyConnection::Moved ProxyConnection::move_data() {
  Moved moved = Moved::Nothing;
  for (auto at = channels_.begin(); at != channels_.end();) {
    Channel& channel = **at;
    if (channel.pipe) {
      if (move_input(channel) == Moved::Some) moved = Moved::Some;
      if (move_output(channel) == Moved::Some) moved = Moved::Some;
    }
    at = ssh_channel_is_closed(channel.raw) != 0 ? channels_.erase(at) : std::next(at);
  }
  return moved;
}

// Only what fits is taken, so that the window of the channel keeps the client from sending more.
ProxyConnection::Moved ProxyConnection::move_input(Channel& channel) {
  Moved moved = Moved::Nothing;
  std::vector<char> buffer(kPiece);
  while (!channel.input_ended) {
    const size_t room = std::min<size_t>(channel.pipe->room(), buffer.size());
    if (room == 0) break;
    const int count = ssh_channel_read_nonblocking(channel.raw, buffer.data(),
                                                   static_cast<uint32_t>(room), 0);
    if (count > 0) {
      channel.pipe->push_input(std::string_view(buffer.data(), static_cast<size_t>(count)));
      moved = Moved::Some;
      continue;
    }
    if (count == SSH_AGAIN || (count == 0 && ssh_channel_is_eof(channel.raw) == 0)) break;
    channel.input_ended = true;
    channel.pipe->end_input();
    moved = Moved::Some;
  }
  return moved;
}

ProxyConnection::Moved ProxyConnection::move_output(Channel& channel) {
  Moved moved = Moved::Nothing;
  if (channel.finished) return moved;
  for (const PipeStream stream : {PipeStream::Output, PipeStream::ErrorOutput}) {
    for (;;) {
      const uint32_t window = std::min(ssh_channel_window_size(channel.raw), kPiece);
      const std::string piece = channel.pipe->take_output(stream, window);
      if (piece.empty()) break;
      const auto size = static_cast<uint32_t>(piece.size());
      const int sent = stream == PipeStream::Output
                           ? ssh_channel_write(channel.raw, piece.data(), size)
                           : ssh_channel_write_stderr(channel.raw, piece.data(), size);
      if (sent != static_cast<int>(size)) {
        channel.pipe->abandon();
        channel.finished = true;
        return moved;
      }
      moved = Moved::Some;
    }
  }
  const std::optional<int> status = channel.pipe->exit_status();
  if (!status) return moved;
  channel.finished = true;
  ssh_channel_request_send_exit_status(channel.raw, *status);
  ssh_channel_send_eof(channel.raw);
  ssh_channel_close(channel.raw);
  return Moved::Some;
}

}  // namespace farm::builders::provisioner_ansible
