// RfbClient: the part of the RFB protocol (RFC 6143) that typing into a VNC screen needs: the
// handshake, no authentication or a VNC password, key events. The handshake is a state machine
// over bytes, so that hostile servers are a unit test and a fuzz target.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "builders/steps/vnc_keys.h"
#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/secret.h"
#include "common/io/fd.h"

namespace farm::builders::steps {

class RfbHandshake {
 public:
  explicit RfbHandshake(Secret password) : password_(std::move(password)) {}
  /// Takes bytes from the server and gives what to answer (may be nothing). Corrupt: not RFB, or
  /// a size beyond its bound. Denied: the server refused.
  Result<std::string> receive(std::string_view bytes);
  bool done() const { return state_ == State::Done; }
  /// Name the server gave its desktop; valid when done.
  const std::string& desktop_name() const { return desktop_name_; }

 private:
  enum class State { Version, SecurityTypes, SecurityType33, Challenge, SecurityResult,
                     RefusedReason, ServerInit, DesktopName, Done };
  // Runs one state; false: more bytes are needed.
  Result<bool> advance();
  Result<bool> read_version();
  Result<bool> read_security_types();
  Result<bool> read_security_type_33();
  Result<bool> read_challenge();
  Result<bool> read_security_result();
  Result<bool> read_refused_reason();
  Result<bool> read_server_init();
  Result<bool> read_desktop_name();
  Result<void> choose(bool offers_none, bool offers_password);
  std::optional<uint32_t> peek_u32(size_t at) const;
  std::string take(size_t count);

  Secret password_;
  State state_ = State::Version;
  int minor_ = 8;
  std::string input_;
  std::string output_;
  uint32_t name_length_ = 0;
  std::string desktop_name_;
};

/// The answer to a VNC challenge: DES of its two blocks under the password, whose bytes have their
/// bits mirrored. Only the first 8 characters count.
std::string vnc_challenge_answer(const std::string& password, std::string_view challenge);

class RfbClient final : public KeySymbolSink {
 public:
  /// Connects and shakes hands before `deadline` (steady clock). Unavailable: nobody listens yet.
  static Result<RfbClient> connect(const std::string& address, uint16_t port,
                                   const Secret& password, Instant deadline,
                                   const CancelToken& cancel);
  Result<void> key(uint32_t symbol, bool down) override;

 private:
  explicit RfbClient(io::Fd socket) : socket_(std::move(socket)) {}
  io::Fd socket_;
};

}  // namespace farm::builders::steps
