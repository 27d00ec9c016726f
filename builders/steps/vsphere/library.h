// ContentLibrary: the part of the REST interface that content libraries need: find libraries, items
// and files, and turn a machine into an OVF or VM template item.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builders/steps/vsphere/session.h"

namespace farm::builders::vsphere {

struct Library {
  std::string id;
  std::string name;
  std::string type;  // LOCAL or SUBSCRIBED
};

struct OvfItem {
  std::string library_id;
  std::string existing_item_id;  // empty: a new one
  std::string machine_id;
  std::string name;
  std::string description;
  std::vector<std::string> flags;
};

struct TemplateItem {
  std::string library_id;
  std::string machine_id;
  std::string name;
  std::string description;
  std::string cluster_id;
  std::string folder_id;
  std::string host_id;
  std::string pool_id;
  std::string datastore_id;
};

class ContentLibrary {
 public:
  /// Logs in; the session ends with the object.
  static Result<ContentLibrary> open(const ConnectOptions& options, const CancelToken& cancel);
  ContentLibrary(ContentLibrary&&) noexcept;
  ContentLibrary& operator=(ContentLibrary&&) = delete;
  ~ContentLibrary();

  /// NotFound names the libraries there are.
  Result<Library> library(const std::string& name, const CancelToken& cancel);
  Result<std::optional<std::string>> item(const std::string& library_id, const std::string& name,
                                          const CancelToken& cancel);
  /// "[datastore] path" of an item's file; empty when the item has no such file.
  Result<std::string> file_path(const std::string& item_id, const std::string& file,
                                const CancelToken& cancel);
  Result<void> create_ovf(const OvfItem& item, const CancelToken& cancel);
  Result<void> create_template(const TemplateItem& item, const CancelToken& cancel);

 private:
  struct State;
  explicit ContentLibrary(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace farm::builders::vsphere
