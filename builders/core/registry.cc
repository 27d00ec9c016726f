#include "builders/core/registry.h"

namespace farm::builders {
namespace {

template <class T>
Result<std::unique_ptr<T>> make(const std::map<std::string, Registry::Factory<T>>& factories,
                                const std::string& type, const char* kind) {
  const auto found = factories.find(type);
  if (found == factories.end()) {
    return not_found(std::string(kind) + " `" + type + "` is not built into this farm");
  }
  return found->second();
}

template <class T>
std::vector<std::string> names(const std::map<std::string, Registry::Factory<T>>& factories) {
  std::vector<std::string> list;
  for (const auto& [type, factory] : factories) list.push_back(type);
  return list;
}

}  // namespace

Result<std::unique_ptr<Builder>> Registry::builder(const std::string& type) const {
  return make<Builder>(builders_, type, "builder");
}
Result<std::unique_ptr<Provisioner>> Registry::provisioner(const std::string& type) const {
  return make<Provisioner>(provisioners_, type, "provisioner");
}
Result<std::unique_ptr<PostProcessor>> Registry::post_processor(const std::string& type) const {
  return make<PostProcessor>(post_processors_, type, "post-processor");
}
const Reaper* Registry::reaper(const std::string& kind) const {
  const auto found = reapers_.find(kind);
  return found == reapers_.end() ? nullptr : &found->second;
}
std::vector<std::string> Registry::builder_types() const { return names<Builder>(builders_); }
std::vector<std::string> Registry::provisioner_types() const {
  return names<Provisioner>(provisioners_);
}
std::vector<std::string> Registry::post_processor_types() const {
  return names<PostProcessor>(post_processors_);
}

}  // namespace farm::builders
