#include <arpa/inet.h>
#include <sys/socket.h>

#include <thread>

#include "builders/communicators/ssh/tcp.h"
#include "tests/unit/builders/communicators/ssh/agent_fixture.h"
#include "tests/unit/builders/communicators/ssh/fixture.h"

namespace farm::builders::ssh {
namespace {

/// Ways in other than "a key, directly".
class Access : public SshTest {
 protected:
  void expect_works() {
    const auto communicator = connect();
    ASSERT_TRUE(communicator) << communicator.error().message;
    EXPECT_EQ(run(**communicator, "echo in").out, "in\n");
  }
};

TEST_F(Access, CertificatesLogIn) {
  const std::string directory = server->directory();
  program({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory + "/ca"});
  const auto authority = io::read_file(directory + "/ca.pub");
  ASSERT_TRUE(authority);
  ASSERT_TRUE(server->authorize("cert-authority " + *authority));
  const struct {
    const char* name;
    std::vector<std::string> kind;
  } cases[] = {{"rsa", {"-t", "rsa", "-b", "2048"}},
               {"ecdsa", {"-t", "ecdsa", "-b", "384"}},
               {"ed25519", {"-t", "ed25519"}}};
  options.private_key = Secret();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string key = directory + "/cert_" + c.name;
    std::vector<std::string> make = {"ssh-keygen", "-q", "-N", "", "-f", key};
    make.insert(make.end(), c.kind.begin(), c.kind.end());
    program(make);
    program({"ssh-keygen", "-q", "-s", directory + "/ca", "-I", "test", "-n", server->user(),
             key + ".pub"});
    options.private_key_file = key;
    options.certificate_file = key + "-cert.pub";
    expect_works();
  }
}

TEST_F(Access, AgentKeysLogIn) {
  const TestAgent agent(server->directory());
  options.private_key = Secret();
  options.agent_auth = true;
  options.agent_socket = agent.socket();
  const struct {
    const char* name;
    std::vector<std::string> kind;
  } cases[] = {{"agent_rsa", {"-t", "rsa", "-b", "2048"}},
               {"agent_ecdsa", {"-t", "ecdsa", "-b", "256"}},
               {"agent_ed25519", {"-t", "ed25519"}}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto key = server->keygen(c.name, c.kind);
    ASSERT_TRUE(key) << key.error().message;
    agent.hold(*key);
    expect_works();
  }
}

TEST_F(Access, CountsRefusedLogins) {
  const auto other = generate_other_key();
  options.private_key = Secret(other);
  options.handshake_attempts = 1;
  const auto communicator = connect();
  ASSERT_FALSE(communicator);
  EXPECT_EQ(communicator.error().code, ErrorCode::Denied);
  EXPECT_EQ(communicator.error().message,
            "SSH login failed 1 time(s); check the user name, password or key. Last answer: ssh: "
            "handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no "
            "supported methods remain");
}

TEST_F(Access, GivesUpWhenNoServerSpeaks) {
  // Accepts connections and says nothing, as a virtual network does before the guest is up.
  const io::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 64), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  options.timeout = std::chrono::milliseconds(1500);
  const auto communicator = connect_ssh(options, "127.0.0.1", ntohs(address.sin_port), cancel, ui);
  ASSERT_FALSE(communicator);
  EXPECT_EQ(communicator.error().code, ErrorCode::Timeout);
  EXPECT_EQ(communicator.error().message, "Timeout waiting for SSH.");
}

TEST_F(Access, MeetsAServerThatComesLate) {
  server->stop();
  std::thread late([&] {
    cancel.sleep(std::chrono::milliseconds(700));
    EXPECT_TRUE(server->start_again());
  });
  expect_works();
  late.join();
}

TEST_F(Access, CancelEndsTheWait) {
  server->stop();
  options.timeout = std::chrono::minutes(10);
  std::thread canceller([&] { cancel.cancel(); });
  const auto communicator = connect();
  canceller.join();
  ASSERT_FALSE(communicator);
  EXPECT_EQ(communicator.error().code, ErrorCode::Cancelled);
}

TEST_F(Access, PausesAndConnectsAgain) {
  options.pause_before_connecting = std::chrono::milliseconds(100);
  expect_works();
  ASSERT_EQ(ui.said.size(), 4U);
  EXPECT_EQ(ui.said[2], "Pausing 100ms before connecting...");
  EXPECT_EQ(ui.said[3], "Connected to SSH!");
}

TEST_F(Access, BastionCarriesTheConnection) {
  auto bastion = test::TestSshd::start();
  ASSERT_TRUE(bastion) << bastion.error().message;
  const auto key = (*bastion)->keygen("bastion", {"-t", "rsa", "-b", "2048"});
  ASSERT_TRUE(key) << key.error().message;
  options.bastion.host = "127.0.0.1";
  options.bastion.port = (*bastion)->port();
  options.bastion.username = (*bastion)->user();
  options.bastion.private_key_file = *key;
  const auto communicator = connect();
  ASSERT_TRUE(communicator) << communicator.error().message;
  EXPECT_EQ(run(**communicator, "echo $SSH_CONNECTION | cut -d' ' -f4").out,
            std::to_string(server->port()) + "\n");
  // More than every buffer on the way holds.
  EXPECT_EQ(run(**communicator, "head -c 20000000 /dev/zero").out.size(), 20000000U);
  (*bastion)->stop();
  RemoteCommand command;
  command.command = "echo gone";
  EXPECT_FALSE((*communicator)->run(command, cancel));
}

TEST_F(Access, RefusedBastionIsNamed) {
  auto bastion = test::TestSshd::start();
  ASSERT_TRUE(bastion);
  options.bastion.host = "127.0.0.1";
  options.bastion.port = (*bastion)->port();
  options.bastion.username = (*bastion)->user();
  options.bastion.password = Secret("wrong");
  options.handshake_attempts = 1;
  const auto communicator = connect();
  ASSERT_FALSE(communicator);
  EXPECT_NE(communicator.error().message.find("Error connecting to bastion: ssh: handshake failed"),
            std::string::npos)
      << communicator.error().message;
}

TEST_F(Access, TunnelsCarryConnectionsBothWays) {
  // Both tunnels lead to this SSH server: its greeting proves the way.
  const uint16_t here = test::free_port();
  const uint16_t there = test::free_port();
  options.local_tunnels = {{here, "127.0.0.1", server->port()}};
  options.remote_tunnels = {{there, "127.0.0.1", server->port()}};
  const auto communicator = connect();
  ASSERT_TRUE(communicator) << communicator.error().message;

  const Instant deadline = io::steady_now() + std::chrono::seconds(20);
  const auto socket = tcp_connect("127.0.0.1", here, deadline, cancel);
  ASSERT_TRUE(socket) << socket.error().message;
  ASSERT_TRUE(await_banner(socket->get(), deadline, cancel));
  char greeting[8] = {};
  ASSERT_EQ(::recv(socket->get(), greeting, 7, 0), 7);
  EXPECT_STREQ(greeting, "SSH-2.0");

  const Output far = run(**communicator, "bash -c 'exec 3<>/dev/tcp/127.0.0.1/" +
                                             std::to_string(there) + "; head -c 7 <&3'");
  EXPECT_EQ(far.out, "SSH-2.0") << far.err;
}

TEST_F(Access, OnlyKnownCiphersAreTaken) {
  options.ciphers = {"aes256-ctr"};
  options.key_exchange_algorithms = {"ecdh-sha2-nistp256"};
  expect_works();
  options.ciphers = {"chacha20-poly1305@openssh.com"};
  const auto communicator = connect();
  ASSERT_FALSE(communicator);
  EXPECT_EQ(communicator.error().code, ErrorCode::InvalidInput);
  EXPECT_NE(communicator.error().message.find("ssh_ciphers: none of "
                                              "chacha20-poly1305@openssh.com is available"),
            std::string::npos)
      << communicator.error().message;
}

/// A SOCKS5 proxy for one connection that checks a name and password.
class OneShotProxy {
 public:
  OneShotProxy() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_.get(), 4);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~OneShotProxy() {
    stop_.cancel();
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  uint16_t port = 0;
  std::string login;

 private:
  static std::string take(int fd, size_t count) {
    std::string bytes(count, '\0');
    return ::recv(fd, bytes.data(), count, MSG_WAITALL) == static_cast<ssize_t>(count) ? bytes : "";
  }
  void serve() {
    const io::Fd client(::accept(listener_.get(), nullptr, nullptr));
    if (!client.valid() || take(client.get(), 4) != std::string("\x05\x02\x00\x02", 4)) return;
    ASSERT_TRUE(io::write_all(client.get(), std::string_view("\x05\x02", 2)));
    const std::string head = take(client.get(), 2);
    login = take(client.get(), static_cast<size_t>(head.at(1)));
    login += "/" + take(client.get(), static_cast<size_t>(take(client.get(), 1).at(0)));
    ASSERT_TRUE(io::write_all(client.get(), std::string_view("\x01\x00", 2)));
    const std::string request = take(client.get(), 10);
    ASSERT_EQ(request.substr(0, 8), std::string("\x05\x01\x00\x01\x7f\x00\x00\x01", 8));
    const auto target = static_cast<uint16_t>(static_cast<unsigned char>(request[8]) << 8 |
                                              static_cast<unsigned char>(request[9]));
    const auto onward =
        tcp_connect("127.0.0.1", target, io::steady_now() + std::chrono::seconds(10), stop_);
    ASSERT_TRUE(onward);
    ASSERT_TRUE(io::write_all(client.get(),
                              std::string_view("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10)));
    relay(client.get(), onward->get());
  }
  void relay(int a, int b) const {
    for (;;) {
      pollfd watched[3] = {{a, POLLIN, 0}, {b, POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
      ::poll(watched, 3, 30'000);
      if (stop_.cancelled()) return;
      for (int i = 0; i < 2; ++i) {
        if ((watched[i].revents & (POLLIN | POLLHUP)) == 0) continue;
        char buffer[16384];
        const ssize_t got = ::recv(i == 0 ? a : b, buffer, sizeof buffer, MSG_DONTWAIT);
        if (got <= 0) return;
        ::send(i == 0 ? b : a, buffer, static_cast<size_t>(got), MSG_NOSIGNAL);
      }
    }
  }
  io::Fd listener_;
  CancelToken stop_;
  std::thread thread_;
};

TEST_F(Access, ProxyCarriesTheConnection) {
  OneShotProxy proxy;
  options.proxy.host = "127.0.0.1";
  options.proxy.port = proxy.port;
  options.proxy.username = "me";
  options.proxy.password = Secret("secret");
  expect_works();
  EXPECT_EQ(proxy.login, "me/secret");
}

}  // namespace
}  // namespace farm::builders::ssh
