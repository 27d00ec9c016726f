// PluginLedger: what one run of a plugin writes down before it makes it: paths, processes, and the
// kinds of things at a provider that its description names. An entry is the run's own: a plugin can
// neither close what farm or another plugin wrote down nor have removed what was there before it.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "builders/core/build_context.h"
#include "builders/core/schema/external.h"

namespace farm::builders::external {

/// The kind under which the ledger knows a plugin's resource; no kind of farm's own has a slash.
std::string ledger_kind(const std::string& component, const std::string& resource);

class PluginLedger {
 public:
  /// Both must outlive the object.
  PluginLedger(BuildContext& context, const ExternalComponent& component)
      : context_(context), component_(component) {}

  /// ledger.intend, ledger.bound, ledger.gone, ledger.keep. NotFound: there is no such method;
  /// InvalidInput: what the plugin must not write.
  Result<nlohmann::json> answer(const std::string& method, const nlohmann::json& parameters);

 private:
  Result<nlohmann::json> intend(const nlohmann::json& parameters);
  Result<void> bound(uint64_t intent, const nlohmann::json& parameters);

  BuildContext& context_;
  const ExternalComponent& component_;
  std::map<uint64_t, std::string> open_;  // intent -> kind
  size_t written_ = 0;
};

}  // namespace farm::builders::external
