#include "builders/communicators/ssh/session.h"

#include <libssh2.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace farm::builders::ssh {
namespace {

constexpr size_t kInputBuffer = 256U << 10;
constexpr int kPollCeilingMs = 60'000;

Session* session_of(void** abstract) {
  return static_cast<Session*>(*abstract);
}

LIBSSH2_ALLOC_FUNC(allocate_hook) {
  return session_of(abstract)->memory().allocate(count);
}
LIBSSH2_REALLOC_FUNC(reallocate_hook) {
  return session_of(abstract)->memory().reallocate(ptr, count);
}
LIBSSH2_FREE_FUNC(free_hook) {
  session_of(abstract)->memory().release(ptr);
}

/// libssh2_init is not thread-safe by itself.
bool library_ready() {
  static const bool ready = libssh2_init(0) == 0;
  return ready;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ',';
    out += name;
  }
  return out;
}

/// Names that this library can use for `method`, in the library's order.
std::vector<std::string> supported(LIBSSH2_SESSION* session, int method) {
  const char** names = nullptr;
  const int count = libssh2_session_supported_algs(session, method, &names);
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.emplace_back(names[i]);
  if (count > 0) libssh2_free(session, static_cast<void*>(names));
  return out;
}

int poll_timeout(Duration left) {
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<int64_t>(milliseconds, 0, kPollCeilingMs));
}

}  // namespace

Session::Session(io::Fd socket, const SessionOptions& options)
    : socket_(std::move(socket)),
      options_(options),
      input_(kInputBuffer),
      last_input_(io::steady_now()),
      last_keep_alive_(last_input_) {}

Session::~Session() {
  if (!session_) return;
  // One try, no waiting: the peer notices the closed socket anyway.
  if (!lost_) libssh2_session_disconnect(session_, "");
  // Freeing would wait for the peer to close channels left open, unless the session is lost.
  for (int tries = 0; tries < 64; ++tries) {
    if (libssh2_session_free(session_) != LIBSSH2_ERROR_EAGAIN) return;
    lost_ = true;
  }
}

Result<std::unique_ptr<Session>> Session::open(io::Fd socket, const SessionOptions& options,
                                               const Wait& wait) {
  std::unique_ptr<Session> session(new Session(std::move(socket), options));
  TRY(session->start(wait));
  return session;
}

Result<void> Session::start(const Wait& wait) {
  if (!library_ready()) return internal("libssh2 could not be initialised");
  session_ = libssh2_session_init_ex(allocate_hook, free_hook, reallocate_hook, this);
  if (!session_) return internal("libssh2 gave no session");
  libssh2_session_set_blocking(session_, 0);
  libssh2_session_flag(session_, LIBSSH2_FLAG_SIGPIPE, 1);
  // The documented interface takes every callback as void*.
  libssh2_session_callback_set(session_, LIBSSH2_CALLBACK_RECV,
                               reinterpret_cast<void*>(&Session::receive));
  libssh2_session_callback_set(session_, LIBSSH2_CALLBACK_SEND,
                               reinterpret_cast<void*>(&Session::transmit));
  TRY(prefer());
  if (options_.keep_alive_interval > Duration{0}) {
    // The library keeps every answer in a list for ever, so ask for answers only where their
    // coming is what tells a silent command from a dead machine.
    const int answers = options_.read_write_timeout > Duration{0} ? 1 : 0;
    libssh2_keepalive_config(session_, answers, 1);
  }
  TRY(require(
      "ssh: handshake failed", [&] { return libssh2_session_handshake(session_, socket_.get()); },
      wait));
  return {};
}

Result<void> Session::prefer() {
  struct Choice {
    const char* option;
    int method;
    std::vector<std::string> names;
  };
  // Measured with `bench_ssh_transfer ciphers` against OpenSSH 9.2 on a CPU with AES and SHA
  // instructions: 128, 192 and 256 bit AES differ by 2 % (135, 132, 132 MiB/s), HMAC-SHA-512 costs
  // a third (118, 102, 75 MiB/s for SHA-256, SHA-1, SHA-512), 3DES nine tenths. The chaining modes
  // are as fast but last: they are what servers have given up for security's sake.
  const std::vector<std::string> ciphers =
      options_.ciphers.empty()
          ? std::vector<std::string>{"aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc",
                                     "aes192-cbc", "aes256-cbc", "3des-cbc"}
          : options_.ciphers;
  const std::vector<std::string> macs = {"hmac-sha2-256", "hmac-sha1", "hmac-sha2-512"};
  std::vector<Choice> choices = {{"ssh_ciphers", LIBSSH2_METHOD_CRYPT_CS, ciphers},
                                 {"ssh_ciphers", LIBSSH2_METHOD_CRYPT_SC, ciphers},
                                 {"", LIBSSH2_METHOD_MAC_CS, macs},
                                 {"", LIBSSH2_METHOD_MAC_SC, macs}};
  if (!options_.key_exchange_algorithms.empty()) {
    choices.push_back(
        {"ssh_key_exchange_algorithms", LIBSSH2_METHOD_KEX, options_.key_exchange_algorithms});
  }
  for (const Choice& choice : choices) {
    const std::vector<std::string> known = supported(session_, choice.method);
    std::vector<std::string> usable;
    for (const std::string& name : choice.names) {
      if (std::find(known.begin(), known.end(), name) != known.end()) usable.push_back(name);
    }
    if (usable.empty()) {
      return invalid_input(std::string(choice.option) + ": none of " + joined(choice.names) +
                           " is available; available are " + joined(known));
    }
    if (libssh2_session_method_pref(session_, choice.method, joined(usable).c_str()) != 0) {
      return error("ssh: algorithms");
    }
  }
  return {};
}

std::string Session::banner() const {
  const char* text = libssh2_session_banner_get(session_);
  return text ? text : "";
}

long Session::receive(int socket, void* buffer, size_t size, int flags, void** abstract) {
  Session& self = *session_of(abstract);
  if (self.lost_) return 0;
  if (!self.input_waiting()) {
    const ssize_t got = ::recv(socket, self.input_.data(), self.input_.size(), flags);
    if (got < 0) return errno == EINTR ? -EAGAIN : -errno;
    if (got == 0) return 0;
    self.input_begin_ = 0;
    self.input_end_ = static_cast<size_t>(got);
    self.last_input_ = io::steady_now();
  }
  const size_t count = std::min(size, self.input_end_ - self.input_begin_);
  std::memcpy(buffer, self.input_.data() + self.input_begin_, count);
  self.input_begin_ += count;
  return static_cast<long>(count);
}

long Session::transmit(int socket, const void* buffer, size_t size, int flags, void** abstract) {
  // A lost session only pretends to send, so that freeing its channels ends.
  if (session_of(abstract)->lost_) return static_cast<long>(size);
  const ssize_t sent = ::send(socket, buffer, size, flags | MSG_NOSIGNAL);
  if (sent < 0) return errno == EINTR ? -EAGAIN : -errno;
  return sent;
}

void Session::note(long code) {
  switch (code) {
    case LIBSSH2_ERROR_SOCKET_NONE:
    case LIBSSH2_ERROR_SOCKET_SEND:
    case LIBSSH2_ERROR_SOCKET_RECV:
    case LIBSSH2_ERROR_SOCKET_DISCONNECT:
    case LIBSSH2_ERROR_SOCKET_TIMEOUT:
    case LIBSSH2_ERROR_BANNER_RECV:
    case LIBSSH2_ERROR_BANNER_SEND:
    case LIBSSH2_ERROR_INVALID_MAC:
    case LIBSSH2_ERROR_DECRYPT:
    case LIBSSH2_ERROR_PROTO:
    case LIBSSH2_ERROR_BAD_SOCKET:
      lost_ = true;
      break;
    default:
      break;
  }
}

bool Session::peer_closed() {
  if (lost_) return true;
  char byte = 0;
  const ssize_t got = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    lost_ = true;
  }
  return lost_;
}

Error Session::error(const char* doing) const {
  char* text = nullptr;
  const int code = libssh2_session_last_error(session_, &text, nullptr, 0);
  std::string message = std::string(doing) + ": ";
  message += text && *text ? text : "libssh2 error " + std::to_string(code);
  if (lost_) return unavailable(std::move(message));
  return Error{ErrorCode::Unavailable, std::move(message), false};
}

Result<long> Session::until_done(const std::function<long()>& call, const Wait& wait) {
  for (;;) {
    const long code = call();
    if (code != LIBSSH2_ERROR_EAGAIN) {
      note(code);
      return code;
    }
    TRY(wait_ready(wait));
  }
}

Result<long> Session::require(const char* doing, const std::function<long()>& call,
                              const Wait& wait) {
  const long code = TRY(until_done(call, wait));
  if (code < 0) return error(doing);
  return code;
}

Result<void> Session::wait_ready_among(const Wait& wait, std::vector<pollfd> others) {
  TRY(wait.cancel.check());
  const int directions = libssh2_session_block_directions(session_);
  const bool wants_output = (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0;
  if (input_waiting() && !wants_output) return {};
  const Instant now = io::steady_now();
  if (wait.deadline && now >= *wait.deadline) return timed_out("timed out waiting for SSH peer");
  Duration left = std::chrono::milliseconds(kPollCeilingMs);
  if (wait.deadline) left = std::min(left, *wait.deadline - now);
  if (options_.read_write_timeout > Duration{0}) {
    const Instant silent_until = last_input_ + options_.read_write_timeout;
    if (now >= silent_until) {
      lost_ = true;
      return timed_out("ssh_read_write_timeout: nothing came from the machine in time");
    }
    left = std::min(left, silent_until - now);
  }
  if (authenticated_ && options_.keep_alive_interval > Duration{0}) {
    if (now >= last_keep_alive_ + options_.keep_alive_interval) {
      int next = 0;
      // EAGAIN: the socket is full, so the peer has enough of us to answer.
      if (!wants_output) note(libssh2_keepalive_send(session_, &next));
      last_keep_alive_ = now;
    }
    left = std::min(left, last_keep_alive_ + options_.keep_alive_interval - now);
  }
  const short own_events = wants_output ? POLLIN | POLLOUT : POLLIN;
  others.push_back({socket_.get(), own_events, 0});
  others.push_back({wait.cancel.fd(), POLLIN, 0});
  if (::poll(others.data(), others.size(), poll_timeout(left)) < 0 && errno != EINTR) {
    return system_error("poll", errno);
  }
  return wait.cancel.check();
}

}  // namespace farm::builders::ssh
