// Registry: component types by name. register_all_components() is generated from the folders under
// platforms/, provisioners/ and post_processors/; a test may build a Registry with one component.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "builders/core/component.h"

namespace farm::builders {

class Registry {
 public:
  template <class T>
  using Factory = std::function<std::unique_ptr<T>()>;

  void add_builder(const std::string& type, Factory<Builder> factory) {
    builders_[type] = std::move(factory);
  }
  void add_provisioner(const std::string& type, Factory<Provisioner> factory) {
    provisioners_[type] = std::move(factory);
  }
  void add_post_processor(const std::string& type, Factory<PostProcessor> factory) {
    post_processors_[type] = std::move(factory);
  }
  /// NotFound names the type.
  Result<std::unique_ptr<Builder>> builder(const std::string& type) const;
  Result<std::unique_ptr<Provisioner>> provisioner(const std::string& type) const;
  Result<std::unique_ptr<PostProcessor>> post_processor(const std::string& type) const;
  std::vector<std::string> builder_types() const;
  std::vector<std::string> provisioner_types() const;
  std::vector<std::string> post_processor_types() const;

 private:
  std::map<std::string, Factory<Builder>> builders_;
  std::map<std::string, Factory<Provisioner>> provisioners_;
  std::map<std::string, Factory<PostProcessor>> post_processors_;
};

/// Generated: calls register_component(Registry&) of every component folder in a fixed order.
void register_all_components(Registry& registry);

}  // namespace farm::builders
