// ShutdownOptions: how a machine is turned off after provisioning.
#pragma once

#include <string>

#include "common/base/clock.h"

namespace farm::builders {
class ConfigReader;
}

namespace farm::builders::steps {

struct ShutdownOptions {
  std::string command;
  Duration timeout = std::chrono::minutes(5);
};

ShutdownOptions read_shutdown_options(const ConfigReader& reader);

}  // namespace farm::builders::steps
