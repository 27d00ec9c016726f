// GuestCalls: what an external program may ask of the build it is part of: commands and files of
// the guest, and the ledger of what it makes outside.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "builders/core/build_context.h"
#include "builders/external/plugin_ledger.h"

namespace farm::builders::external {

class GuestCalls {
 public:
  /// Both must outlive the object.
  GuestCalls(BuildContext& context, const ExternalComponent& component)
      : context_(context), ledger_(context, component) {}

  /// NotFound: there is no such method; InvalidInput: a parameter is missing.
  Result<nlohmann::json> answer(const std::string& method, const nlohmann::json& parameters);

 private:
  Result<nlohmann::json> run(const nlohmann::json& parameters);
  Result<nlohmann::json> transfer(const std::string& method, const nlohmann::json& parameters);
  BuildContext& context_;
  PluginLedger ledger_;
};

/// A parameter that must be there and be text.
Result<std::string> text_parameter(const nlohmann::json& parameters, const char* name);

/// Values as JSON and back; whole numbers stay whole, null is null of any type.
Result<nlohmann::json> to_json_document(const value::Value& value);
value::Value from_json_document(const nlohmann::json& document);

}  // namespace farm::builders::external
