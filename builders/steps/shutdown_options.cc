#include "builders/steps/shutdown_options.h"

#include "builders/core/config.h"

namespace farm::builders::steps {

ShutdownOptions read_shutdown_options(const ConfigReader& reader) {
  ShutdownOptions options;
  options.command = reader.string("shutdown_command");
  options.timeout = reader.duration("shutdown_timeout", std::chrono::minutes(5));
  if (options.timeout.count() == 0) options.timeout = std::chrono::minutes(5);
  return options;
}

}  // namespace farm::builders::steps
