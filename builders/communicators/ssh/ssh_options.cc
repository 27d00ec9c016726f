#include "builders/communicators/ssh/ssh_options.h"

#include <charconv>

#include <fmt/format.h>

#include "builders/communicators/ssh/certificate.h"
#include "builders/communicators/ssh/private_key.h"
#include "builders/core/config.h"
#include "common/io/files.h"

namespace farm::builders::ssh {
namespace {

constexpr std::chrono::minutes kDefaultTimeout{5};
constexpr int64_t kDefaultAttempts = 10;
constexpr uint64_t kMaxKeyFile = 1U << 20;

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || port == 0) {
    return std::nullopt;
  }
  return port;
}

class Decoder {
 public:
  Decoder(const value::Value& config, const PrepareContext& context, Findings& findings)
      : reader_(config, findings), context_(context), findings_(findings) {}

  SshOptions decode() {
    basics();
    keys();
    limits();
    bastion();
    proxy();
    transfer();
    out_.remote_tunnels = tunnels("ssh_remote_tunnels");
    out_.local_tunnels = tunnels("ssh_local_tunnels");
    return std::move(out_);
  }

 private:
  void wrong(std::string text) { findings_.errors.push_back(std::move(text)); }

  uint16_t port(const char* name, uint16_t other) {
    const int64_t number = reader_.integer(name, other);
    if (number >= 1 && number <= 65535) return static_cast<uint16_t>(number);
    wrong(fmt::format("{} must be between 1 and 65535, not {}", name, number));
    return other;
  }

  std::optional<Secret> secret(const char* name) {
    const std::string text = reader_.string(name);
    if (text.empty()) return std::nullopt;
    return Secret(text);
  }

  /// Absolute, with ~ expanded.
  std::string path(const char* name) {
    std::string text = reader_.string(name);
    if (text.empty()) return text;
    if (text == "~" || text.starts_with("~/")) {
      text.replace(0, 1, context_.environment.get_or("HOME", "~"));
    }
    return io::join_path(context_.working_directory, text);
  }

  void basics() {
    out_.host = reader_.string("ssh_host");
    out_.port = port("ssh_port", 22);
    out_.username = reader_.string("ssh_username");
    if (out_.username.empty()) wrong("An ssh_username must be specified");
    out_.password = secret("ssh_password");
    out_.agent_auth = reader_.boolean("ssh_agent_auth");
    out_.agent_socket = context_.environment.get_or("SSH_AUTH_SOCK", "");
    out_.disable_agent_forwarding = reader_.boolean("ssh_disable_agent_forwarding");
    out_.ciphers = reader_.strings("ssh_ciphers");
    out_.key_exchange_algorithms = reader_.strings("ssh_key_exchange_algorithms");
    out_.clear_authorized_keys = reader_.boolean("ssh_clear_authorized_keys");
    out_.pty = reader_.boolean("ssh_pty");
    out_.pause_before_connecting = reader_.duration("pause_before_connecting");
    out_.public_key = reader_.string("ssh_public_key");
    out_.private_key = secret("ssh_private_key").value_or(Secret());
  }

  void keys() {
    out_.keypair_name = reader_.string("ssh_keypair_name");
    out_.temporary_key_pair_name = reader_.string("temporary_key_pair_name");
    out_.temporary_key_pair_type = reader_.string("temporary_key_pair_type", "rsa");
    reader_.require_one_of("temporary_key_pair_type", {"dsa", "ecdsa", "ed25519", "rsa"});
    out_.temporary_key_pair_bits = reader_.integer("temporary_key_pair_bits");
    check_key_bits();
    out_.private_key_file = path("ssh_private_key_file");
    out_.certificate_file = path("ssh_certificate_file");
    check_key("ssh_private_key_file", out_.private_key_file, "ssh_certificate_file",
              out_.certificate_file);
  }

  void check_key_bits() {
    const int64_t bits = out_.temporary_key_pair_bits;
    const std::string& type = out_.temporary_key_pair_type;
    if (bits == 0 || type == "ed25519") return;
    if (type == "rsa" && (bits < 1024 || bits > 16384)) {
      wrong("temporary_key_pair_bits must be between 1024 and 16384 for an rsa key");
    }
    if (type == "ecdsa" && bits != 256 && bits != 384 && bits != 521) {
      wrong("temporary_key_pair_bits must be 256, 384 or 521 for an ecdsa key");
    }
    if (type == "dsa" && bits != 1024) {
      wrong("temporary_key_pair_bits must be 1024 for a dsa key");
    }
  }

  void check_key(const char* key_option, const std::string& key_path,
                 const char* certificate_option, const std::string& certificate_path) {
    if (key_path.empty()) {
      if (!certificate_path.empty()) {
        wrong(fmt::format("{} needs {}", certificate_option, key_option));
      }
      return;
    }
    if (context_.placeholders) return;
    const auto text = io::read_file(key_path, kMaxKeyFile);
    if (!text) return wrong(fmt::format("{} is invalid: {}", key_option, text.error().message));
    const auto key = PrivateKey::parse(*text);
    if (!key) {
      return wrong(fmt::format("{} is invalid: {}: {}", key_option, key_path, key.error().message));
    }
    if (certificate_path.empty()) return;
    const auto line = io::read_file(certificate_path, kMaxKeyFile);
    if (!line) {
      return wrong(fmt::format("{} is invalid: {}", certificate_option, line.error().message));
    }
    const auto certificate = Certificate::parse(*line);
    if (!certificate) {
      return wrong(fmt::format("{} is invalid: {}: {}", certificate_option, certificate_path,
                               certificate.error().message));
    }
    if (certificate->key_type_name() != key->type_name()) {
      wrong(fmt::format("{} is invalid: it is for another kind of key than {}", certificate_option,
                        key_option));
    }
  }

  void limits() {
    const bool any = reader_.has("ssh_timeout") || reader_.has("ssh_wait_timeout") ||
                     reader_.has("ssh_handshake_attempts");
    out_.timeout = reader_.duration("ssh_timeout");
    const Duration old_name = reader_.duration("ssh_wait_timeout");
    if (old_name != Duration{0}) out_.timeout = old_name;
    out_.handshake_attempts = reader_.integer("ssh_handshake_attempts");
    if (!any || (out_.timeout == Duration{0} && out_.handshake_attempts == 0)) {
      out_.timeout = kDefaultTimeout;
      out_.handshake_attempts = kDefaultAttempts;
    }
    if (out_.timeout < Duration{0}) wrong("ssh_timeout must not be negative");
    if (out_.handshake_attempts < 0) wrong("ssh_handshake_attempts must not be negative");
    out_.keep_alive_interval = reader_.duration("ssh_keep_alive_interval");
    if (out_.keep_alive_interval == Duration{0}) out_.keep_alive_interval = std::chrono::seconds(5);
    if (out_.keep_alive_interval < Duration{0}) out_.keep_alive_interval = Duration{0};
    out_.read_write_timeout = reader_.duration("ssh_read_write_timeout");
    if (out_.read_write_timeout < Duration{0}) wrong("ssh_read_write_timeout must not be negative");
  }

  void bastion() {
    BastionOptions& bastion = out_.bastion;
    bastion.host = reader_.string("ssh_bastion_host");
    bastion.port = port("ssh_bastion_port", 22);
    bastion.username = reader_.string("ssh_bastion_username");
    bastion.password = secret("ssh_bastion_password");
    bastion.agent_auth = reader_.boolean("ssh_bastion_agent_auth");
    bastion.interactive = reader_.boolean("ssh_bastion_interactive");
    bastion.private_key_file = path("ssh_bastion_private_key_file");
    bastion.certificate_file = path("ssh_bastion_certificate_file");
    if (bastion.host.empty()) return;
    if (bastion.private_key_file.empty()) {
      bastion.private_key_file = out_.private_key_file;
      if (bastion.certificate_file.empty()) bastion.certificate_file = out_.certificate_file;
    } else {
      check_key("ssh_bastion_private_key_file", bastion.private_key_file,
                "ssh_bastion_certificate_file", bastion.certificate_file);
    }
    if (bastion.username.empty()) wrong("ssh_bastion_host needs ssh_bastion_username");
    if (bastion.interactive && !bastion.password) {
      wrong(
          "ssh_bastion_interactive needs ssh_bastion_password: it answers the questions, "
          "a build cannot ask anybody");
    } else if (!bastion.agent_auth && !bastion.password && bastion.private_key_file.empty()) {
      wrong(
          "ssh_bastion_host needs ssh_bastion_password, ssh_bastion_private_key_file or "
          "ssh_bastion_agent_auth");
    }
  }

  void proxy() {
    out_.proxy.host = reader_.string("ssh_proxy_host");
    out_.proxy.port = port("ssh_proxy_port", 1080);
    out_.proxy.username = reader_.string("ssh_proxy_username");
    out_.proxy.password = secret("ssh_proxy_password").value_or(Secret());
    if (!out_.proxy.host.empty() && !out_.bastion.host.empty()) {
      wrong("ssh_bastion_host and ssh_proxy_host cannot both be specified");
    }
  }

  void transfer() {
    reader_.require_one_of("ssh_file_transfer_method", {"scp", "sftp"});
    out_.transfer_method = reader_.string("ssh_file_transfer_method", "scp") == "sftp"
                               ? TransferMethod::Sftp
                               : TransferMethod::Scp;
  }

  std::vector<Tunnel> tunnels(const char* name) {
    std::vector<Tunnel> parsed;
    for (const std::string& text : reader_.strings(name)) {
      auto tunnel = Tunnel::parse(text);
      if (tunnel) {
        parsed.push_back(std::move(*tunnel));
      } else {
        wrong(fmt::format("{}: {}", name, tunnel.error().message));
      }
    }
    return parsed;
  }

  ConfigReader reader_;
  const PrepareContext& context_;
  Findings& findings_;
  SshOptions out_;
};

}  // namespace

Result<Tunnel> Tunnel::parse(const std::string& text) {
  const size_t first = text.find(':');
  const size_t last = text.rfind(':');
  if (first != std::string::npos && last > first + 1) {
    const std::string_view all = text;
    const auto listen = parse_port(all.substr(0, first));
    const auto port = parse_port(all.substr(last + 1));
    std::string_view host = all.substr(first + 1, last - first - 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (listen && port) return Tunnel{*listen, std::string(host), *port};
  }
  return invalid_input("a tunnel is PORT:HOST:PORT, not \"" + text + "\"");
}

SshOptions SshOptions::decode(const value::Value& config, const PrepareContext& context,
                              Findings& findings) {
  return Decoder(config, context, findings).decode();
}

bool SshOptions::needs_temporary_key() const {
  return !password && private_key_file.empty() && private_key.empty() && !agent_auth;
}

}  // namespace farm::builders::ssh
