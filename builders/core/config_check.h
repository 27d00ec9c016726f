// Config checks: the pure half of each component (decode and validate, no side effects), which
// farmctl and the coordinator link without the component itself. register_all_config_checks() is
// generated from the component folders that name a CONFIG source.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "builders/core/component.h"

namespace farm::builders {

using ConfigCheck = std::function<Findings(const value::Value& config, const PrepareContext&)>;

class ConfigChecks {
 public:
  void add(plan::ComponentKind kind, const std::string& type, ConfigCheck check) {
    checks_[{kind, type}] = std::move(check);
  }
  /// nullptr when the component has no checks beyond its option table.
  const ConfigCheck* find(plan::ComponentKind kind, const std::string& type) const {
    const auto found = checks_.find({kind, type});
    return found == checks_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::pair<plan::ComponentKind, std::string>, ConfigCheck> checks_;
};

/// Generated: calls register_config_check(ConfigChecks&) of every component with a CONFIG source.
void register_all_config_checks(ConfigChecks& checks);

}  // namespace farm::builders
