// Registry: component types by name. register_all_components() is generated from the folders under
// platforms/, provisioners/ and post_processors/; a test may build a Registry with one component.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "builders/core/component.h"
#include "builders/core/reaper.h"
#include "builders/core/survey.h"

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
  /// `kind` as the platform's steps name it to the ledger ("proxmox-vm").
  void add_reaper(const std::string& kind, Reaper reaper) { reapers_[kind] = std::move(reaper); }
  void add_surveyor(Surveyor surveyor) { surveyors_.push_back(std::move(surveyor)); }
  /// NotFound names the type.
  Result<std::unique_ptr<Builder>> builder(const std::string& type) const;
  Result<std::unique_ptr<Provisioner>> provisioner(const std::string& type) const;
  Result<std::unique_ptr<PostProcessor>> post_processor(const std::string& type) const;
  /// nullptr: nobody here knows how to remove such a thing.
  const Reaper* reaper(const std::string& kind) const;
  const std::vector<Surveyor>& surveyors() const { return surveyors_; }
  std::vector<std::string> builder_types() const;
  std::vector<std::string> provisioner_types() const;
  std::vector<std::string> post_processor_types() const;

 private:
  std::map<std::string, Factory<Builder>> builders_;
  std::map<std::string, Factory<Provisioner>> provisioners_;
  std::map<std::string, Factory<PostProcessor>> post_processors_;
  std::map<std::string, Reaper> reapers_;
  std::vector<Surveyor> surveyors_;
};

/// Generated: calls register_component(Registry&) of every component folder in a fixed order.
void register_all_components(Registry& registry);

}  // namespace farm::builders
