#include "builders/core/reaper.h"

#include <algorithm>

namespace farm::builders {

const value::Value* ReapContext::config_of(const std::vector<std::string>& types) const {
  for (const LeftComponent& component : components) {
    if (std::find(types.begin(), types.end(), component.type) != types.end()) {
      return &component.config;
    }
  }
  return nullptr;
}

}  // namespace farm::builders
