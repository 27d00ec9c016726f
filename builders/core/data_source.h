// DataSource: a question that a template asks while it is planned: a page, the state of a
// repository. Asked where the user is (`farmctl build`, `submit`, `validate --online`), in a program
// of its own, so that planning itself never reaches out.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/environment.h"
#include "common/base/result.h"
#include "common/value/value.h"

namespace farm::builders {

struct DataSourceContext {
  const Environment& environment;
  std::string working_directory;  // relative paths begin here
  CancelToken cancel;
};

class DataSource {
 public:
  virtual ~DataSource() = default;
  /// The outputs that the option table names, as one object. `config` is wholly known and was
  /// checked against the table.
  virtual Result<value::Value> ask(const value::Value& config,
                                   const DataSourceContext& context) = 0;
};

class DataSourceRegistry {
 public:
  using Factory = std::function<std::unique_ptr<DataSource>()>;

  void add(const std::string& type, Factory factory) { factories_[type] = std::move(factory); }
  /// NotFound names the type.
  Result<std::unique_ptr<DataSource>> make(const std::string& type) const {
    const auto found = factories_.find(type);
    if (found == factories_.end()) {
      return not_found("data source \"" + type + "\" can be checked but not asked by this farm");
    }
    return found->second();
  }
  std::vector<std::string> types() const {
    std::vector<std::string> names;
    for (const auto& [type, factory] : factories_) names.push_back(type);
    return names;
  }

 private:
  std::map<std::string, Factory> factories_;
};

/// Generated: calls register_component(DataSourceRegistry&) of every folder of data_sources/.
void register_all_data_sources(DataSourceRegistry& registry);

}  // namespace farm::builders
