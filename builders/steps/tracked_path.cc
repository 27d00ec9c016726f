#include "builders/steps/tracked_path.h"

#include "common/io/files.h"

namespace farm::builders::steps {

Result<void> TrackedPath::intend(BuildContext& context, const std::string& path) {
  intent_ = TRY(context.ledger.intend(resource_kind::kPath, path));
  path_ = path;
  return {};
}

Result<void> TrackedPath::remove(BuildContext& context) {
  if (!intent_) return {};
  TRY(io::remove_tree(path_));
  return keep(context);
}

Result<void> TrackedPath::keep(BuildContext& context) {
  if (!intent_) return {};
  const uint64_t intent = *intent_;
  intent_.reset();
  return context.ledger.gone(intent);
}

}  // namespace farm::builders::steps
