// ExternalStore: where the option tables of external components live: schemas hold views, so their
// texts are kept beside them. One per process, behind component_catalog().
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/plan/schema.h"

namespace farm::builders {

class ExternalStore {
 public:
  std::string_view keep(std::string text) {
    texts_.push_back(std::move(text));
    return texts_.back();
  }
  void add(std::unique_ptr<plan::ComponentSchema> schema) {
    schemas_.push_back(std::move(schema));
  }
  const plan::ComponentSchema* find(plan::ComponentKind kind, std::string_view name) const {
    for (const auto& schema : schemas_) {
      if (schema->kind == kind && schema->name == name) return schema.get();
    }
    return nullptr;
  }
  const std::vector<std::unique_ptr<plan::ComponentSchema>>& schemas() const { return schemas_; }

  std::vector<std::string> descriptions;

 private:
  std::deque<std::string> texts_;  // never moves what it holds
  std::vector<std::unique_ptr<plan::ComponentSchema>> schemas_;
};

ExternalStore& external_store();

}  // namespace farm::builders
