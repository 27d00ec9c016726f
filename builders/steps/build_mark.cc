#include "builders/steps/build_mark.h"

namespace farm::builders::steps {

std::string build_mark(const BuildContext& context) {
  const std::string lease = context.environment.get_or("FARM_LEASE", "");
  return lease.empty() ? context.run_uuid : lease;
}

}  // namespace farm::builders::steps
