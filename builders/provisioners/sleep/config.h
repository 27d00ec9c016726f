// The option of the `sleep` provisioner. Pure: links into farmctl for validation.
#pragma once

#include "builders/core/config.h"

namespace farm::builders::provisioner_sleep {

struct Config {
  Duration duration{0};
};

Config decode(const value::Value& config, Findings& findings);

}  // namespace farm::builders::provisioner_sleep
