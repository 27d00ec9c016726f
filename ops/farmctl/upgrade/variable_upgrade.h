// VariableUpgrade: the variables of a legacy template as HCL2 variables and locals. A default that
// HCL2 can hold stays a default; one that calls functions or refers to other variables becomes a
// local, beside a variable that still takes a value from outside.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/template/json/legacy_template.h"
#include "ops/farmctl/upgrade/engine_text.h"
#include "ops/farmctl/upgrade/hcl_text.h"

namespace farm::farmctl {

class VariableUpgrade {
 public:
  explicit VariableUpgrade(const json::LegacyTemplate& legacy);

  /// "var.x" or "local.x"; a variable that was never declared gets a declaration.
  std::string reference(const std::string& name);
  /// The local that {{timestamp}} becomes.
  std::string timestamp() const { return "local." + timestamp_name_; }
  /// `variable` blocks and `local` blocks; complete once every reference was made.
  std::string variables() const;
  std::string locals(bool uses_timestamp) const;
  bool locals_use_timestamp() const { return locals_use_timestamp_; }
  const std::vector<std::string>& unhandled() const { return unhandled_; }

 private:
  struct Entry {
    std::string identifier;
    std::string fallback;  // HCL2 source; empty: required
    std::string local;     // HCL2 source; empty: none
    bool sensitive = false;
  };

  EngineScope default_scope();
  EngineScope local_scope();
  void read(const json::LegacyVariable& variable);
  std::string environment_variable(const std::string& name);
  Entry& add(const std::string& name);

  HclNames names_;
  std::map<std::string, Entry> entries_;            // by the legacy name
  std::map<std::string, std::string> environment_;  // name -> identifier of its variable
  std::set<std::string> promoted_;
  std::string timestamp_name_;
  bool locals_use_timestamp_ = false;
  std::vector<std::string> unhandled_;
};

}  // namespace farm::farmctl
