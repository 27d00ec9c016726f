#include "builders/communicators/ssh/authenticate.h"

#include <libssh2.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "builders/communicators/ssh/agent_client.h"
#include "builders/communicators/ssh/wire.h"

namespace farm::builders::ssh {
namespace {

using Signer =
    std::function<Result<std::string>(std::string_view algorithm, std::string_view data)>;

/// What the signature callback needs; lives through one request.
struct Signing {
  PublicKeyRequest& request;
  SessionMemory& memory;
  const Signer& sign;
  std::string algorithm;
  std::optional<Error> failure;
};

LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign_hook) {
  static_cast<void>(session);
  Signing& signing = *static_cast<Signing*>(*abstract);
  auto made = signing.sign(signing.algorithm,
                           std::string_view(reinterpret_cast<const char*>(data), data_len));
  if (!made) {
    signing.failure = made.error();
    return LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
  }
  const std::string bytes = signing.request.signature_placeholder(*made);
  void* const memory = signing.memory.allocate(std::max<size_t>(bytes.size(), 1));
  if (!memory) return LIBSSH2_ERROR_ALLOC;
  std::memcpy(memory, bytes.data(), bytes.size());
  signing.request.expect_release(memory);
  *sig = static_cast<unsigned char*>(memory);
  *sig_len = bytes.size();
  return 0;
}

class Login {
 public:
  Login(Session& session, const Credentials& credentials, const Wait& wait)
      : session_(session), credentials_(credentials), wait_(wait) {}

  Result<void> run() {
    TRY(list_methods());
    if (!done() && offers("publickey")) TRY(agent_keys());
    for (const KeyCredential& credential : credentials_.keys) {
      if (done() || !offers("publickey")) break;
      TRY(key(credential));
    }
    if (!done() && credentials_.password && credentials_.password_method && offers("password")) {
      TRY(password());
    }
    if (!done() && credentials_.password && credentials_.keyboard_interactive &&
        offers("keyboard-interactive")) {
      TRY(keyboard_interactive());
    }
    if (!done()) return refusal();
    session_.set_authenticated();
    return {};
  }

 private:
  bool done() const { return libssh2_userauth_authenticated(session_.raw()) != 0; }

  bool offers(std::string_view method) const {
    return std::find(methods_.begin(), methods_.end(), method) != methods_.end();
  }

  void tried(const std::string& method) {
    if (std::find(tried_.begin(), tried_.end(), method) == tried_.end()) tried_.push_back(method);
  }

  Error refusal() const {
    std::string names;
    for (const std::string& name : tried_) names += (names.empty() ? "" : " ") + name;
    std::string text = "ssh: handshake failed: ssh: unable to authenticate, attempted methods [" +
                       names + "], no supported methods remain";
    if (note_) text += " (" + note_->message + ")";
    return Error{ErrorCode::Denied, std::move(text), true};
  }

  /// "none" either logs in or tells what is possible.
  Result<void> list_methods() {
    tried("none");
    const char* list = nullptr;
    const long code = TRY(session_.until_done(
        [&]() -> long {
          list = libssh2_userauth_list(session_.raw(), credentials_.user.data(),
                                       static_cast<unsigned>(credentials_.user.size()));
          if (list || done()) return 0;
          return libssh2_session_last_errno(session_.raw());
        },
        wait_));
    if (code < 0) return session_.error("ssh: authentication");
    std::string_view rest = list ? list : "";
    while (!rest.empty()) {
      const size_t comma = std::min(rest.find(','), rest.size());
      methods_.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return {};
  }

  /// A refused method is no error; a lost connection is.
  Result<void> judge(long code) {
    if (code >= 0 || done()) return {};
    if (session_.lost()) {
      // Servers hang up after their limit of tries.
      if (code == LIBSSH2_ERROR_SOCKET_DISCONNECT && tried_.size() > 1) return refusal();
      return session_.error("ssh: authentication");
    }
    return {};
  }

  Result<void> public_key(const std::string& blob, const std::string& algorithm,
                          const std::string& signature_algorithm, const Signer& signer) {
    tried("publickey");
    PublicKeyRequest request(credentials_.user, algorithm, signature_algorithm, blob);
    Signing signing{request, session_.memory(), signer, signature_algorithm, {}};
    void* abstract = &signing;
    session_.memory().arm(&request);
    const auto code = session_.until_done(
        [&]() -> long {
          return libssh2_userauth_publickey(session_.raw(), credentials_.user.c_str(),
                                            request.blob(), request.blob_size(), sign_hook,
                                            &abstract);
        },
        wait_);
    session_.memory().arm(nullptr);
    if (!code) return code.error();
    if (signing.failure && !note_) note_ = signing.failure;
    if (request.failed()) {
      return internal("this libssh2 builds authentication requests in an unknown way");
    }
    return judge(*code);
  }

  Result<void> key_blob(const std::string& blob, const std::string& key_type, bool certificate,
                        const Signer& signer) {
    for (const std::string& algorithm : signature_algorithms(key_type, session_.banner())) {
      if (done() || session_.lost()) break;
      TRY(public_key(blob, certificate ? certificate_algorithm(algorithm) : algorithm, algorithm,
                     signer));
    }
    return {};
  }

  Result<void> key(const KeyCredential& credential) {
    const PrivateKey& secret = *credential.key;
    const Signer signer = [&secret](std::string_view algorithm, std::string_view data) {
      return secret.sign(algorithm, data);
    };
    if (credential.certificate) {
      TRY(key_blob(credential.certificate->blob, secret.type_name(), true, signer));
      if (done()) return {};
    }
    return key_blob(secret.public_blob(), secret.type_name(), false, signer);
  }

  Result<void> agent_keys() {
    if (credentials_.agent_socket.empty()) return {};
    const Instant deadline = wait_.deadline.value_or(io::steady_now() + std::chrono::minutes(1));
    auto agent = AgentClient::connect(credentials_.agent_socket);
    if (!agent) {
      note_ = agent.error();
      return {};
    }
    auto identities = agent->identities(deadline, wait_.cancel);
    if (!identities) {
      note_ = identities.error();
      return {};
    }
    for (const AgentIdentity& identity : *identities) {
      if (done() || session_.lost()) break;
      WireReader reader(identity.blob);
      const std::string type(reader.string());
      const bool certificate = type.ends_with("-cert-v01@openssh.com");
      const std::string key_type = certificate ? Certificate{type, {}}.key_type_name() : type;
      // Keys on security tokens sign in a form of their own.
      if (type.starts_with("sk-")) continue;
      const Signer signer = [&](std::string_view algorithm, std::string_view data) {
        return agent->sign(identity.blob, algorithm, data, deadline, wait_.cancel);
      };
      TRY(key_blob(identity.blob, key_type, certificate, signer));
    }
    return {};
  }

  Result<void> password() {
    tried("password");
    const std::string& text = credentials_.password->reveal();
    const long code = TRY(session_.until_done(
        [&]() -> long {
          return libssh2_userauth_password_ex(session_.raw(), credentials_.user.data(),
                                              static_cast<unsigned>(credentials_.user.size()),
                                              text.data(), static_cast<unsigned>(text.size()),
                                              nullptr);
        },
        wait_));
    return judge(code);
  }

  Result<void> keyboard_interactive();

  Session& session_;
  const Credentials& credentials_;
  const Wait& wait_;
  std::vector<std::string> methods_;
  std::vector<std::string> tried_;
  std::optional<Error> note_;
};

/// The callback gets the session's abstract pointer only; the answer hangs on this thread's login.
thread_local const std::string* current_answer = nullptr;

LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(answer_hook) {
  static_cast<void>(name);
  static_cast<void>(name_len);
  static_cast<void>(instruction);
  static_cast<void>(instruction_len);
  static_cast<void>(prompts);
  auto& memory = static_cast<Session*>(*abstract)->memory();
  for (int i = 0; i < num_prompts; ++i) {
    const size_t size = current_answer->size();
    auto* text = static_cast<char*>(memory.allocate(size + 1));
    if (!text) continue;
    std::memcpy(text, current_answer->c_str(), size + 1);
    responses[i].text = text;
    responses[i].length = static_cast<unsigned>(size);
  }
}

Result<void> Login::keyboard_interactive() {
  tried("keyboard-interactive");
  current_answer = &credentials_.password->reveal();
  const auto code = session_.until_done(
      [&]() -> long {
        return libssh2_userauth_keyboard_interactive_ex(
            session_.raw(), credentials_.user.data(),
            static_cast<unsigned>(credentials_.user.size()), answer_hook);
      },
      wait_);
  current_answer = nullptr;
  if (!code) return code.error();
  return judge(*code);
}

}  // namespace

Result<void> authenticate(Session& session, const Credentials& credentials, const Wait& wait) {
  return Login(session, credentials, wait).run();
}

}  // namespace farm::builders::ssh
