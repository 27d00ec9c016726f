// DatastoreFiles: files of a datastore: there or not, folders, upload by HTTP PUT, deletion.
#pragma once

#include <functional>
#include <string>

#include "builders/core/communicator.h"
#include "builders/steps/vsphere/inventory.h"

namespace farm::builders::vsphere {

class DatastoreFiles {
 public:
  /// `host` not empty: transfers go straight to that host instead of through vCenter.
  DatastoreFiles(Session& session, const Inventory& inventory, Datastore datastore,
                 Reference host = {})
      : session_(session), inventory_(inventory), datastore_(std::move(datastore)),
        host_(std::move(host)) {}

  /// "[datastore] path".
  std::string shown(const std::string& path) const { return "[" + datastore_.name + "] " + path; }
  Result<bool> exists(const std::string& path, const CancelToken& cancel) const;
  /// With its parents; one that is there already is fine.
  Result<void> make_directory(const std::string& path, const CancelToken& cancel) const;
  /// Makes the folder of `path` first.
  Result<void> upload(const std::string& local, const std::string& path,
                      const ProgressSink& progress, const CancelToken& cancel) const;
  /// Renames within the datastore, over whatever is there.
  Result<void> move(const std::string& from, const std::string& to,
                    const CancelToken& cancel) const;
  /// A missing file is success.
  Result<void> remove(const std::string& path, const CancelToken& cancel) const;
  const Datastore& datastore() const { return datastore_; }

 private:
  Result<void> transfer(const std::string& local, const std::string& path,
                        const ProgressSink& progress, const CancelToken& cancel) const;
  Session& session_;
  const Inventory& inventory_;
  Datastore datastore_;
  Reference host_;
};

/// Datastore name and path of "[datastore] path"; both empty when it has another form.
std::pair<std::string, std::string> split_datastore_path(const std::string& text);

}  // namespace farm::builders::vsphere
