#include "common/net/zmq/zap.h"

#include <array>
#include <atomic>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "common/base/log.h"

namespace farm::net {
namespace {

constexpr const char* kEndpoint = "inproc://zeromq.zap.01";
constexpr size_t kKeyBytes = 32;

// Request: version, request id, domain, address, identity, mechanism, credentials.
std::vector<std::string> receive_all(zmq::socket_t& socket) {
  std::vector<std::string> parts;
  zmq::message_t part;
  do {
    if (!socket.recv(part)) return parts;
    parts.push_back(part.to_string());
  } while (part.more());
  return parts;
}

void reply(zmq::socket_t& socket, const std::string& request_id, bool good,
           const std::string& user_id) {
  const std::array<std::string, 6> parts = {
      "1.0", request_id, good ? "200" : "400", good ? "OK" : "unknown key", user_id, ""};
  for (size_t i = 0; i < parts.size(); ++i) {
    socket.send(zmq::buffer(parts[i]),
                i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
}

}  // namespace

struct ZapServer::State {
  zmq::socket_t socket;
  Authenticate authenticate;
  std::atomic<bool> stop{false};
  std::thread thread;

  void answer_one() {
    const std::vector<std::string> parts = receive_all(socket);
    if (parts.size() < 6 || parts[0] != "1.0") return;
    if (parts.size() != 7 || parts[5] != "CURVE" || parts[6].size() != kKeyBytes) {
      reply(socket, parts[1], false, "");
      return;
    }
    std::array<char, 41> text{};
    ::zmq_z85_encode(text.data(), reinterpret_cast<const uint8_t*>(parts[6].data()), kKeyBytes);
    const std::optional<std::string> user = authenticate(parts[2], text.data(), parts[3]);
    if (!user) log::warn("unknown key refused", {{"address", parts[3]}, {"domain", parts[2]}});
    reply(socket, parts[1], user.has_value(), user.value_or(""));
  }

  void serve() {
    while (!stop) {
      try {
        std::array<zmq::pollitem_t, 1> items = {{{socket.handle(), 0, ZMQ_POLLIN, 0}}};
        zmq::poll(items.data(), items.size(), std::chrono::milliseconds(100));
        if ((items[0].revents & ZMQ_POLLIN) != 0) answer_one();
      } catch (const zmq::error_t& error) {
        if (error.num() == ETERM) return;
        log::error("authentication request failed", {{"error", error.what()}});
      }
    }
  }
};

Result<std::unique_ptr<ZapServer>> ZapServer::start(ZmqContext& context,
                                                    Authenticate authenticate) {
  std::unique_ptr<ZapServer> server(new ZapServer);
  server->state_ = std::make_unique<State>();
  State& state = *server->state_;
  state.authenticate = std::move(authenticate);
  try {
    state.socket = zmq::socket_t(*static_cast<zmq::context_t*>(context.handle()),
                                 zmq::socket_type::rep);
    state.socket.set(zmq::sockopt::linger, 0);
    state.socket.bind(kEndpoint);
  } catch (const zmq::error_t& error) {
    return internal(std::string("cannot start the authentication handler: ") + error.what());
  }
  state.thread = std::thread([&state] { state.serve(); });
  return server;
}

ZapServer::~ZapServer() {
  if (!state_) return;
  state_->stop = true;
  if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace farm::net
