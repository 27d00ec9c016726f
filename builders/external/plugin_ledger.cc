#include "builders/external/plugin_ledger.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "builders/external/guest_calls.h"
#include "common/io/files.h"

namespace farm::builders::external {
namespace {

using nlohmann::json;

constexpr size_t kMostEntries = 1000;  // of one run
constexpr size_t kLongestText = 1024;

Result<std::string> ledger_text(const json& parameters, const char* name) {
  const std::string text = TRY(text_parameter(parameters, name));
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
  });
  if (text.empty() || text.size() > kLongestText || control) {
    return invalid_input(fmt::format(
        "'{}' of a ledger entry is text of 1 to {} bytes without control characters", name,
        kLongestText));
  }
  return text;
}

// What is removed when the plugin dies must be the plugin's own.
Result<void> check_path(const std::string& path) {
  if (!path.starts_with('/')) return invalid_input("a path in the ledger is absolute");
  if (path.find("/../") != std::string::npos || path.ends_with("/..")) {
    return invalid_input("a path in the ledger has no '..'");
  }
  if (io::exists(path)) {
    return invalid_input("a path is written into the ledger before it is there: " + path);
  }
  return {};
}

}  // namespace

std::string ledger_kind(const std::string& component, const std::string& resource) {
  return component + "/" + resource;
}

Result<json> PluginLedger::answer(const std::string& method, const json& parameters) {
  if (method == "ledger.intend") return intend(parameters);
  if (method != "ledger.bound" && method != "ledger.gone" && method != "ledger.keep") {
    return not_found("there is no method '" + method.substr(0, 100) + "'");
  }
  const auto given = parameters.find("intent");
  if (given == parameters.end() || !given->is_number_unsigned()) {
    return invalid_input("the call needs the number 'intent'");
  }
  const uint64_t intent = *given;
  if (!open_.contains(intent)) {
    return invalid_input(fmt::format("{} is no open ledger entry of this run", intent));
  }
  if (method == "ledger.bound") {
    TRY(bound(intent, parameters));
    return json::object();
  }
  if (method == "ledger.gone") {
    TRY(context_.ledger.gone(intent));
  } else {
    TRY(context_.ledger.keep(intent));
  }
  open_.erase(intent);
  return json::object();
}

Result<json> PluginLedger::intend(const json& parameters) {
  std::string kind = TRY(ledger_text(parameters, "kind"));
  const std::string name = TRY(ledger_text(parameters, "name"));
  if (kind == resource_kind::kPath) {
    TRY(check_path(name));
  } else if (kind != resource_kind::kProcess) {
    // What nobody could remove would stay in the ledger for ever.
    const auto& known = component_.resources;
    if (std::find(known.begin(), known.end(), kind) == known.end()) {
      return invalid_input("a ledger entry is of kind 'path', 'process' or one of the "
                           "component's resources, not '" + kind + "'");
    }
    kind = ledger_kind(component_.name, kind);
  }
  if (written_ == kMostEntries) {
    return invalid_input(fmt::format("one run writes at most {} ledger entries", kMostEntries));
  }
  const uint64_t intent = TRY(context_.ledger.intend(kind, name));
  ++written_;
  open_.emplace(intent, kind);
  return json{{"intent", intent}};
}

Result<void> PluginLedger::bound(uint64_t intent, const json& parameters) {
  const std::string id = TRY(ledger_text(parameters, "id"));
  return context_.ledger.bound(intent, id);
}

}  // namespace farm::builders::external
