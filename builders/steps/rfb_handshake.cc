// RfbHandshake of rfb.h.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <openssl/evp.h>

#include "builders/steps/rfb.h"

namespace farm::builders::steps {
namespace {

constexpr size_t kVersionBytes = 12;      // "RFB 003.008\n"
constexpr size_t kChallengeBytes = 16;
constexpr size_t kServerInitBytes = 24;   // width, height, pixel format, name length
constexpr uint32_t kMaxTextBytes = 4096;  // desktop name or reason: nobody needs more
constexpr uint8_t kSecurityNone = 1;
constexpr uint8_t kSecurityPassword = 2;

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

uint8_t mirrored(uint8_t byte) {
  uint8_t out = 0;
  for (int bit = 0; bit < 8; ++bit) {
    if ((byte >> bit & 1) != 0) out = static_cast<uint8_t>(out | (0x80U >> bit));
  }
  return out;
}

bool digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string vnc_challenge_answer(const std::string& password, std::string_view challenge) {
  // Plain DES sits in OpenSSL's legacy provider; triple DES with one key three times is the same.
  std::array<uint8_t, 24> key{};
  for (size_t i = 0; i < key.size(); ++i) {
    const size_t at = i % 8;
    key[i] = at < password.size() ? mirrored(static_cast<uint8_t>(password[at])) : uint8_t{0};
  }
  const std::unique_ptr<EVP_CIPHER_CTX, CipherFree> cipher(EVP_CIPHER_CTX_new());
  FARM_CHECK(cipher != nullptr);
  FARM_CHECK(EVP_EncryptInit_ex(cipher.get(), EVP_des_ede3_ecb(), nullptr, key.data(), nullptr) ==
             1);
  EVP_CIPHER_CTX_set_padding(cipher.get(), 0);
  std::array<uint8_t, kChallengeBytes + 8> out{};
  std::array<uint8_t, kChallengeBytes> in{};
  std::copy_n(challenge.begin(), std::min(challenge.size(), in.size()), in.begin());
  int length = 0;
  FARM_CHECK(EVP_EncryptUpdate(cipher.get(), out.data(), &length, in.data(),
                               static_cast<int>(in.size())) == 1);
  return {out.begin(), out.begin() + length};
}

Result<std::string> RfbHandshake::receive(std::string_view bytes) {
  input_.append(bytes);
  output_.clear();
  while (!done()) {
    const bool moved = TRY(advance());
    if (!moved) break;
  }
  return std::move(output_);
}

Result<bool> RfbHandshake::advance() {
  switch (state_) {
    case State::Version: return read_version();
    case State::SecurityTypes: return read_security_types();
    case State::SecurityType33: return read_security_type_33();
    case State::Challenge: return read_challenge();
    case State::SecurityResult: return read_security_result();
    case State::RefusedReason: return read_refused_reason();
    case State::ServerInit: return read_server_init();
    case State::DesktopName: return read_desktop_name();
    case State::Done: return false;
  }
  return false;
}

Result<bool> RfbHandshake::read_version() {
  const std::string_view sent(input_.data(), std::min(input_.size(), kVersionBytes));
  if (!std::string_view("RFB ").starts_with(sent.substr(0, 4))) {
    return corrupt("the peer is no VNC server");
  }
  if (input_.size() < kVersionBytes) return false;
  const std::string version = take(kVersionBytes);
  if (version[7] != '.' || version[11] != '\n' || !digits(version.substr(4, 3)) ||
      !digits(version.substr(8, 3))) {
    return corrupt("the VNC server sent a malformed version");
  }
  const int major = std::stoi(version.substr(4, 3));
  const int minor = std::stoi(version.substr(8, 3));
  if (major < 3 || (major == 3 && minor < 3)) {
    return corrupt(fmt::format("VNC protocol {}.{} is too old", major, minor));
  }
  // Every other number is to be treated as 3.3 (RFC 6143, 7.1.1); newer ones as 3.8.
  minor_ = major > 3 || minor >= 8 ? 8 : minor == 7 ? 7 : 3;
  output_ += fmt::format("RFB 003.{:03}\n", minor_);
  state_ = minor_ == 3 ? State::SecurityType33 : State::SecurityTypes;
  return true;
}

Result<bool> RfbHandshake::read_security_types() {
  if (input_.empty()) return false;
  const size_t count = static_cast<uint8_t>(input_[0]);
  if (count == 0) {
    take(1);
    state_ = State::RefusedReason;
    return true;
  }
  if (input_.size() < 1 + count) return false;
  const std::string types = take(1 + count).substr(1);
  const auto offers = [&](uint8_t type) {
    return types.find(static_cast<char>(type)) != std::string::npos;
  };
  TRY(choose(offers(kSecurityNone), offers(kSecurityPassword)));
  return true;
}

Result<void> RfbHandshake::choose(bool offers_none, bool offers_password) {
  if (offers_password && !password_.empty()) {
    output_ += static_cast<char>(kSecurityPassword);
    state_ = State::Challenge;
    return {};
  }
  if (!offers_none) {
    return denied(offers_password ? "the VNC server wants a password"
                                  : "the VNC server offers no authentication known here");
  }
  output_ += static_cast<char>(kSecurityNone);
  // Only 3.8 confirms "none".
  state_ = minor_ == 8 ? State::SecurityResult : State::ServerInit;
  if (minor_ != 8) output_ += '\1';  // ClientInit: share the screen
  return {};
}

Result<bool> RfbHandshake::read_security_type_33() {
  const auto type = peek_u32(0);
  if (!type) return false;
  take(4);
  if (*type == 0) {
    state_ = State::RefusedReason;
    return true;
  }
  if (*type == kSecurityNone) {
    state_ = State::ServerInit;
    output_ += '\1';
    return true;
  }
  if (*type != kSecurityPassword) {
    return denied("the VNC server offers no authentication known here");
  }
  if (password_.empty()) return denied("the VNC server wants a password");
  state_ = State::Challenge;
  return true;
}

Result<bool> RfbHandshake::read_challenge() {
  if (input_.size() < kChallengeBytes) return false;
  output_ += vnc_challenge_answer(password_.reveal(), take(kChallengeBytes));
  state_ = State::SecurityResult;
  return true;
}

Result<bool> RfbHandshake::read_security_result() {
  const auto result = peek_u32(0);
  if (!result) return false;
  take(4);
  if (*result == 0) {
    output_ += '\1';
    state_ = State::ServerInit;
    return true;
  }
  if (minor_ != 8) return denied("the VNC server refused the password");
  state_ = State::RefusedReason;
  return true;
}

Result<bool> RfbHandshake::read_refused_reason() {
  const auto length = peek_u32(0);
  if (!length) return false;
  if (*length > kMaxTextBytes) return corrupt("the VNC server sent an overlong reason");
  if (input_.size() < 4 + *length) return false;
  return denied("the VNC server refused: " + take(4 + *length).substr(4));
}

Result<bool> RfbHandshake::read_server_init() {
  if (input_.size() < kServerInitBytes) return false;
  name_length_ = *peek_u32(kServerInitBytes - 4);
  if (name_length_ > kMaxTextBytes) return corrupt("the VNC server sent an overlong name");
  take(kServerInitBytes);
  state_ = State::DesktopName;
  return true;
}

Result<bool> RfbHandshake::read_desktop_name() {
  if (input_.size() < name_length_) return false;
  desktop_name_ = take(name_length_);
  input_.clear();  // what follows the handshake is of no interest here
  state_ = State::Done;
  return true;
}

std::optional<uint32_t> RfbHandshake::peek_u32(size_t at) const {
  if (input_.size() < at + 4) return std::nullopt;
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<uint8_t>(input_[i]);
  return value;
}

std::string RfbHandshake::take(size_t count) {
  std::string taken = input_.substr(0, count);
  input_.erase(0, count);
  return taken;
}

}  // namespace farm::builders::steps
