#include "tests/support/sshd/password_server.h"

// Some calls of libssh's message interface are marked deprecated in favour of callbacks; for one
// scripted client at a time they are the simpler half of its server side.
#define SSH_SUPPRESS_DEPRECATED
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace farm::test {
namespace {

struct BindFree {
  void operator()(ssh_bind_struct* bind) const noexcept { ssh_bind_free(bind); }
};
struct SessionFree {
  void operator()(ssh_session_struct* session) const noexcept {
    ssh_disconnect(session);
    ssh_free(session);
  }
};
struct MessageFree {
  void operator()(ssh_message_struct* message) const noexcept { ssh_message_free(message); }
};

}  // namespace

Result<std::unique_ptr<PasswordServer>> PasswordServer::start(const PasswordRules& rules,
                                                              const std::string& host_key_path) {
  std::unique_ptr<PasswordServer> server(new PasswordServer(rules));
  server->listener_ = io::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(server->listener_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(server->listener_.get(), 16) != 0 ||
      ::getsockname(server->listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return system_error("listen", errno);
  }
  server->port_ = ntohs(address.sin_port);
  server->thread_ = std::thread([raw = server.get(), host_key_path] { raw->loop(host_key_path); });
  return server;
}

PasswordServer::~PasswordServer() {
  stop_.cancel();
  thread_.join();
}

void PasswordServer::loop(const std::string& host_key_path) {
  const std::unique_ptr<ssh_bind_struct, BindFree> bind(ssh_bind_new());
  ssh_bind_options_set(bind.get(), SSH_BIND_OPTIONS_HOSTKEY, host_key_path.c_str());
  while (!stop_.cancelled()) {
    pollfd watched[2] = {{listener_.get(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
    ::poll(watched, 2, 1000);
    if ((watched[0].revents & POLLIN) == 0) continue;
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const std::unique_ptr<ssh_session_struct, SessionFree> session(ssh_new());
    long patience_seconds = 10;
    ssh_options_set(session.get(), SSH_OPTIONS_TIMEOUT, &patience_seconds);
    if (ssh_bind_accept_fd(bind.get(), session.get(), client) != SSH_OK) continue;
    if (ssh_handle_key_exchange(session.get()) == SSH_OK) serve(session.get());
  }
}

void PasswordServer::serve(void* raw_session) {
  const auto session = static_cast<ssh_session>(raw_session);
  const int methods = (rules_.password_method ? SSH_AUTH_METHOD_PASSWORD : 0) |
                      (rules_.questions > 0 ? SSH_AUTH_METHOD_INTERACTIVE : 0);
  ssh_set_auth_methods(session, methods);
  ssh_channel channel = nullptr;
  bool right_user = false;
  while (!stop_.cancelled()) {
    const std::unique_ptr<ssh_message_struct, MessageFree> message(ssh_message_get(session));
    if (!message) return;
    const int subtype = ssh_message_subtype(message.get());
    switch (ssh_message_type(message.get())) {
      case SSH_REQUEST_AUTH: {
        // An answer to questions does not repeat the name.
        const char* name = ssh_message_auth_user(message.get());
        if (name) right_user = name == rules_.user;
        bool right = false;
        if (subtype == SSH_AUTH_METHOD_PASSWORD && rules_.password_method) {
          right = right_user && ssh_message_auth_password(message.get()) == rules_.password;
          if (!right) ++refused_;
        } else if (subtype == SSH_AUTH_METHOD_INTERACTIVE && rules_.questions > 0) {
          if (!ssh_message_auth_kbdint_is_response(message.get())) {
            std::vector<const char*> prompts(static_cast<size_t>(rules_.questions), "Secret: ");
            std::vector<char> echo(prompts.size(), 0);
            ssh_message_auth_interactive_request(message.get(), "", "",
                                                 static_cast<unsigned>(rules_.questions),
                                                 prompts.data(), echo.data());
            continue;
          }
          right = right_user && ssh_userauth_kbdint_getnanswers(session) == rules_.questions;
          for (int i = 0; right && i < rules_.questions; ++i) {
            right =
                ssh_userauth_kbdint_getanswer(session, static_cast<unsigned>(i)) == rules_.password;
          }
          if (!right) ++refused_;
        }
        if (right) {
          ssh_message_auth_reply_success(message.get(), 0);
        } else {
          ssh_message_auth_set_methods(message.get(), methods);
          ssh_message_reply_default(message.get());
        }
        continue;
      }
      case SSH_REQUEST_CHANNEL_OPEN:
        channel = ssh_message_channel_request_open_reply_accept(message.get());
        continue;
      case SSH_REQUEST_CHANNEL:
        if (subtype == SSH_CHANNEL_REQUEST_EXEC && channel) {
          const std::string text = ssh_message_channel_request_command(message.get());
          ssh_message_channel_request_reply_success(message.get());
          ssh_channel_write(channel, text.data(), static_cast<uint32_t>(text.size()));
          ssh_channel_request_send_exit_status(channel, 0);
          ssh_channel_send_eof(channel);
          ssh_channel_close(channel);
          continue;
        }
        break;
      default:
        break;
    }
    ssh_message_reply_default(message.get());
  }
}

}  // namespace farm::test
