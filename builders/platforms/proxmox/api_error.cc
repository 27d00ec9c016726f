#include "builders/platforms/proxmox/api_error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace farm::builders::platform_proxmox {
namespace {

std::string one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// "Permission check failed (/vms/100, VM.Allocate|VM.Clone)" -> what to grant where.
std::string missing_privilege(const std::string& text, const std::string& user) {
  const size_t open = text.find('(');
  const size_t comma = text.find(", ", open == std::string::npos ? 0 : open);
  const size_t close = text.rfind(')');
  if (open == std::string::npos || comma == std::string::npos || close == std::string::npos ||
      close < comma) {
    return "the user " + user + " may not do this";
  }
  const std::string path = text.substr(open + 1, comma - open - 1);
  const std::string privileges = text.substr(comma + 2, close - comma - 2);
  const bool several = has(privileges, "|");
  const bool token = has(user, "!");
  return fmt::format(
      "{} lacks the privilege {} on {}. Grant a role that has it: pveum acl modify {} --{} '{}' "
      "--roles ROLE{}",
      user, several ? "(one of) " + privileges : privileges, path, path,
      token ? "tokens" : "users", user,
      token ? " (a token with privilege separation needs it itself, besides its user)" : "");
}

// What a person can do about texts of the server that do not say it themselves.
std::string advice(const std::string& text) {
  if (has(text, "storage '") && has(text, "does not exist")) {
    return "check the storage pool's name (pvesm status lists them)";
  }
  if (has(text, "does not support") || has(text, "not configured for content-type") ||
      has(text, "storage content")) {
    return "enable this content type for the storage (Datacenter > Storage > Content), or name "
           "another pool";
  }
  if (has(text, "is locked")) {
    return "another task works on the machine; if none does any more, remove the lock with qm "
           "unlock";
  }
  if (has(text, "already exists")) {
    return "choose another vm_id or none, or run with -force to replace a template";
  }
  if (has(text, "already running")) return "somebody else started the machine";
  if (has(text, "powerdown failed")) {
    return "the guest ignored the ACPI shutdown; install qemu-guest-agent or acpid in it";
  }
  if (has(text, "No QEMU guest agent configured")) return "set qemu_agent = true";
  if (has(text, "No space left") || has(text, "not enough free space") ||
      has(text, "insufficient free space") || has(text, "out of space")) {
    return "free space in the storage pool or name another one";
  }
  if (has(text, "checksum") && (has(text, "mismatch") || has(text, "differ"))) {
    return "the file is damaged or iso_checksum is that of another file";
  }
  if (has(text, "bridge '") && has(text, "does not exist")) {
    return "check the bridge of network_adapters against the node's network configuration";
  }
  if (has(text, "KVM virtualisation configured, but not available")) {
    return "enable virtualisation on the node, or set disable_kvm = true";
  }
  if (has(text, "changed by another user") || has(text, "detected modified configuration")) {
    return "somebody else changed the machine meanwhile; run the build again";
  }
  return {};
}

std::string advised(const std::string& text) {
  const std::string hint = advice(text);
  return hint.empty() ? text : text + " (" + hint + ")";
}

Error unauthorized(const std::string& user, const std::string& text) {
  const bool token = has(user, "!");
  return denied(fmt::format(
      "the Proxmox API refuses {} ({}): {}", user, text.empty() ? "401" : text,
      token ? "check the token's id in username (user@realm!tokenid), its secret in token, and "
              "that it has not expired"
            : "check username (with its realm: root@pam) and password"));
}

}  // namespace

std::string answer_text(const net::HttpResponse& response) {
  std::string text = one_line(response.reason);
  const nlohmann::json body = nlohmann::json::parse(response.body, nullptr, false);
  if (!body.is_object()) return text;
  if (const auto message = body.find("message");
      message != body.end() && message->is_string()) {
    const std::string said = one_line(message->get<std::string>());
    if (said.size() > text.size() || text.empty()) text = said;
  }
  if (const auto errors = body.find("errors"); errors != body.end() && errors->is_object()) {
    for (const auto& [parameter, fault] : errors->items()) {
      text += fmt::format(" {}: {};", parameter,
                          fault.is_string() ? one_line(fault.get<std::string>()) : fault.dump());
    }
    if (text.ends_with(';')) text.pop_back();
  }
  return text;
}

Error api_error(const std::string& method, const std::string& path, const std::string& user,
                const net::HttpResponse& response) {
  const std::string text = answer_text(response);
  const std::string call = method + " " + path;
  const int status = response.status;
  if (status == 401 && has(text, "csrf")) {
    return denied("the Proxmox API lost our session (" + text + "); run the build again");
  }
  if (status == 401) return unauthorized(user, text);
  if (status == 403) return denied(missing_privilege(text, user));
  if (status == 400) return invalid_input(fmt::format("{}: {}", call, text));
  if (status == 501) {
    return invalid_input(fmt::format(
        "{}: {} (is proxmox_url https://HOST:8006/api2/json, and the server Proxmox VE 7 or later?)",
        call, text));
  }
  if (status == 595 || status == 596 || has(text, "hostname lookup")) {
    return unavailable(fmt::format("{}: the node cannot be reached from the API server: {} (is "
                                   "node spelled as in the cluster, and is it up?)",
                                   call, text));
  }
  if (has(text, "Configuration file") && has(text, "does not exist")) {
    return not_found(call + ": " + text);
  }
  if (has(text, "already exists") || has(text, "is locked") || has(text, "changed by another")) {
    return conflict(call + ": " + advised(text));
  }
  if (status == 502 || status == 503 || status == 504) return unavailable(call + ": " + text);
  return internal(fmt::format("{}: {} {}", call, status, advised(text)));
}

Error task_error(const std::string& type, const std::string& status) {
  const std::string text = one_line(status);
  const ErrorCode code = has(text, "already exists") || has(text, "is locked")
                             ? ErrorCode::Conflict
                             : ErrorCode::Internal;
  return {code, fmt::format("task {} failed: {}", type, advised(text)), false};
}

}  // namespace farm::builders::platform_proxmox
