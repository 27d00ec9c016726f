#include "builders/communicators/ssh/dialer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "builders/communicators/ssh/stream_forwarder.h"
#include "builders/communicators/ssh/socks5.h"
#include "builders/communicators/ssh/tcp.h"
#include "common/io/files.h"

namespace farm::builders::ssh {
namespace {

using std::chrono::seconds;

// Each stage of one try. A busy emulated guest may need most of a minute for its key exchange.
constexpr seconds kConnectTime{15};
constexpr seconds kBannerTime{15};
constexpr seconds kHandshakeTime{60};
constexpr uint64_t kMaxKeyFile = 1U << 20;

Instant in(seconds time) {
  return io::steady_now() + time;
}

Result<KeyCredential> load_key(const char* option, const std::string& path,
                               const std::string& certificate_path) {
  const auto text = io::read_file(path, kMaxKeyFile);
  if (!text) return text.error().within(option);
  auto key = PrivateKey::parse(*text);
  if (!key) return invalid_input(std::string(option) + ": " + path + ": " + key.error().message);
  KeyCredential credential;
  credential.key = std::make_shared<const PrivateKey>(std::move(*key));
  if (!certificate_path.empty()) {
    const auto line = io::read_file(certificate_path, kMaxKeyFile);
    if (!line) return line.error().within("ssh_certificate_file");
    credential.certificate = TRY(Certificate::parse(*line));
    if (credential.certificate->key_type_name() != credential.key->type_name()) {
      return invalid_input("ssh_certificate_file: the certificate is for another kind of key");
    }
  }
  return credential;
}

Result<Credentials> credentials_of(const SshOptions& options) {
  Credentials credentials;
  credentials.user = options.username;
  credentials.password = options.password;
  if (options.agent_auth) {
    if (options.agent_socket.empty()) {
      return invalid_input("ssh_agent_auth: there is no SSH agent (SSH_AUTH_SOCK is not set)");
    }
    credentials.agent_socket = options.agent_socket;
  }
  if (!options.private_key_file.empty()) {
    credentials.keys.push_back(
        TRY(load_key("ssh_private_key_file", options.private_key_file, options.certificate_file)));
  }
  if (!options.private_key.empty()) {
    auto key = PrivateKey::parse(options.private_key.reveal());
    if (!key) return key.error().within("the build's private key");
    credentials.keys.push_back({std::make_shared<const PrivateKey>(std::move(*key)), {}});
  }
  return credentials;
}

Result<Credentials> credentials_of(const BastionOptions& bastion, const SshOptions& options) {
  Credentials credentials;
  credentials.user = bastion.username;
  credentials.password = bastion.password;
  // "Interactive" asks for the keyboard-interactive method instead of the password one.
  credentials.password_method = !bastion.interactive;
  if (bastion.agent_auth) {
    if (options.agent_socket.empty()) {
      return invalid_input(
          "ssh_bastion_agent_auth: there is no SSH agent (SSH_AUTH_SOCK is not set)");
    }
    credentials.agent_socket = options.agent_socket;
  }
  if (!bastion.private_key_file.empty()) {
    credentials.keys.push_back(TRY(load_key("ssh_bastion_private_key_file",
                                            bastion.private_key_file, bastion.certificate_file)));
  }
  return credentials;
}

}  // namespace

Connection::Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&& other) noexcept {
  session = std::move(other.session);
  bastion = std::move(other.bastion);
  return *this;
}
Connection::~Connection() = default;

Result<Dialer> Dialer::create(const SshOptions& options, std::string host, uint16_t port) {
  Dialer dialer(options);
  dialer.host_ = std::move(host);
  dialer.port_ = port;
  dialer.credentials_ = TRY(credentials_of(options));
  if (!options.bastion.host.empty()) {
    dialer.bastion_credentials_ = TRY(credentials_of(options.bastion, options));
  }
  return dialer;
}

SessionOptions Dialer::session_options() const {
  SessionOptions session;
  session.ciphers = options_.ciphers;
  session.key_exchange_algorithms = options_.key_exchange_algorithms;
  session.keep_alive_interval = options_.keep_alive_interval;
  session.read_write_timeout = options_.read_write_timeout;
  return session;
}

Result<std::unique_ptr<StreamForwarder>> Dialer::through_bastion(const CancelToken& cancel) const {
  io::Fd socket =
      TRY(tcp_connect(options_.bastion.host, options_.bastion.port, in(kConnectTime), cancel));
  auto session =
      TRY(Session::open(std::move(socket), session_options(), {cancel, in(kHandshakeTime)}));
  TRY(authenticate(*session, bastion_credentials_, {cancel, in(kHandshakeTime)}));
  return std::make_unique<StreamForwarder>(std::move(session));
}

Result<Connection> Dialer::log_in(io::Fd socket, std::unique_ptr<StreamForwarder> bastion,
                                  Instant limit, const CancelToken& cancel) const {
  Connection connection;
  connection.bastion = std::move(bastion);
  connection.session =
      TRY(Session::open(std::move(socket), session_options(),
                        {cancel, std::min(limit, in(kHandshakeTime))}));
  TRY(authenticate(*connection.session, credentials_,
                   {cancel, std::min(limit, in(kHandshakeTime))}));
  return connection;
}

Result<Connection> Dialer::dial(const CancelToken& cancel) const {
  if (!options_.bastion.host.empty()) {
    auto bastion = through_bastion(cancel);
    if (!bastion) return bastion.error().within("Error connecting to bastion");
    io::Fd socket = TRY((*bastion)->connect(host_, port_, {cancel, in(kConnectTime)}));
    (*bastion)->start();
    TRY(await_banner(socket.get(), in(kBannerTime), cancel));
    return log_in(std::move(socket), std::move(*bastion), in(2 * kHandshakeTime), cancel);
  }
  io::Fd socket;
  if (options_.proxy.host.empty()) {
    socket = TRY(tcp_connect(host_, port_, in(kConnectTime), cancel));
  } else {
    socket = TRY(connect_through_proxy(options_.proxy, host_, port_, in(kConnectTime), cancel));
  }
  TRY(await_banner(socket.get(), in(kBannerTime), cancel));
  return log_in(std::move(socket), nullptr, in(2 * kHandshakeTime), cancel);
}

Result<Connection> Dialer::await_server(Instant deadline, Instant limit,
                                        const CancelToken& cancel) const {
  if (!options_.bastion.host.empty() || !options_.proxy.host.empty()) return dial(cancel);
  io::Fd socket = TRY(await_ssh_server(host_, port_, deadline, cancel));
  return log_in(std::move(socket), nullptr, limit, cancel);
}

}  // namespace farm::builders::ssh
