#include "builders/provisioners/ansible/ssh_proxy.h"

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <fmt/format.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <list>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

#include "builders/provisioners/ansible/proxy_connection.h"

namespace farm::builders::provisioner_ansible {
namespace {

constexpr int kPortTries = 10;
constexpr size_t kConnections = 32;

Result<io::Fd> listen_on(uint16_t port) {
  io::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 16) != 0) {
    return system_error(fmt::format("listen on 127.0.0.1:{}", port), errno);
  }
  return socket;
}

Result<io::Fd> listen_near(uint16_t port) {
  Result<io::Fd> first = listen_on(port);
  if (first || port == 0) return first;
  for (int more = 1; more < kPortTries && port + more <= 65535; ++more) {
    Result<io::Fd> next = listen_on(static_cast<uint16_t>(port + more));
    if (next) return next;
  }
  return first.error().within("local_port");
}

Result<ssh_key> import_public(const std::string& line) {
  const size_t space = line.find(' ');
  if (space == std::string::npos) return invalid_input("no public key");
  const size_t end = line.find_first_of(" \r\n", space + 1);
  const std::string body = line.substr(space + 1, end == std::string::npos ? end : end - space - 1);
  ssh_key key = nullptr;
  const ssh_keytypes_e type = ssh_key_type_from_name(line.substr(0, space).c_str());
  if (ssh_pki_import_pubkey_base64(body.c_str(), type, &key) != SSH_OK) {
    return invalid_input("the key is no public key that the adapter can read");
  }
  return key;
}

}  // namespace

struct SshProxy::State {
  struct BindFree {
    void operator()(ssh_bind_struct* raw) const noexcept { ssh_bind_free(raw); }
  };
  struct KeyFree {
    void operator()(ssh_key_struct* raw) const noexcept { ssh_key_free(raw); }
  };
  struct Client {
    std::thread thread;
    std::atomic<bool> ended{false};
  };

  ~State() {
    stop.cancel();
    if (listener_thread.joinable()) listener_thread.join();
    for (auto& client : clients) client->thread.join();
  }

  Result<void> import_keys(const ProxySettings& settings) {
    bind.reset(ssh_bind_new());
    bool no_config = false;
    ssh_bind_options_set(bind.get(), SSH_BIND_OPTIONS_PROCESS_CONFIG, &no_config);
    for (const std::string& text : settings.host_keys) {
      ssh_key key = nullptr;
      if (ssh_pki_import_privkey_base64(text.c_str(), nullptr, nullptr, nullptr, &key) != SSH_OK) {
        return invalid_input("the host key is no private key that the adapter can read");
      }
      if (ssh_bind_options_set(bind.get(), SSH_BIND_OPTIONS_IMPORT_KEY, key) != SSH_OK) {
        ssh_key_free(key);
        return invalid_input(std::string("host key: ") + ssh_get_error(bind.get()));
      }
    }
    authorized.reset(TRY(import_public(settings.authorized_key)));
    rules = {settings.user, authorized.get(), settings.sftp_command,
             settings.shell_command};
    return {};
  }

  void listen(const CancelToken& build_cancel) {
    while (!stop.cancelled()) {
      pollfd watched[3] = {{listener.get(), POLLIN, 0},
                           {stop.fd(), POLLIN, 0},
                           {build_cancel.fd(), POLLIN, 0}};
      ::poll(watched, std::size(watched), -1);
      if (build_cancel.cancelled()) stop.cancel();
      if ((watched[0].revents & POLLIN) != 0) accept();
    }
  }

  void accept() {
    clients.remove_if([](const std::unique_ptr<Client>& client) {
      if (!client->ended) return false;
      client->thread.join();
      return true;
    });
    const int socket = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    SshSession session(ssh_new());
    if (clients.size() >= kConnections || !session ||
        ssh_bind_accept_fd(bind.get(), session.get(), socket) != SSH_OK) {
      if (!session || ssh_get_fd(session.get()) < 0) ::close(socket);
      return;
    }
    clients.push_back(std::make_unique<Client>());
    Client* client = clients.back().get();
    client->thread = std::thread([this, client, owned = std::move(session)]() mutable {
      ProxyConnection(std::move(owned), rules, *bridge).run(stop);
      client->ended = true;
    });
  }

  Bridge* bridge = nullptr;
  CancelToken stop;
  std::unique_ptr<ssh_bind_struct, BindFree> bind;
  std::unique_ptr<ssh_key_struct, KeyFree> authorized;
  ClientRules rules;
  io::Fd listener;
  uint16_t port = 0;
  std::list<std::unique_ptr<Client>> clients;  // the listener's thread
  std::thread listener_thread;
};

SshProxy::SshProxy(std::unique_ptr<State> state) : state_(std::move(state)) {}
SshProxy::~SshProxy() = default;
uint16_t SshProxy::port() const { return state_->port; }

Result<std::unique_ptr<SshProxy>> SshProxy::start(const ProxySettings& settings, Bridge& bridge,
                                                  const CancelToken& build_cancel) {
  auto state = std::make_unique<State>();
  state->bridge = &bridge;
  TRY(state->import_keys(settings));
  state->listener = TRY(listen_near(settings.port));
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(state->listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return system_error("getsockname", errno);
  }
  state->port = ntohs(address.sin_port);
  State* raw = state.get();
  raw->listener_thread = std::thread([raw, &build_cancel] { raw->listen(build_cancel); });
  return std::unique_ptr<SshProxy>(new SshProxy(std::move(state)));
}

}  // namespace farm::builders::provisioner_ansible
