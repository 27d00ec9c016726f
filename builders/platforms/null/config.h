// Options of the `null` builder: a communicator and nothing else. Pure: links into farmctl.
#pragma once

#include "builders/communicators/communicator_options.h"

namespace farm::builders::platform_null {

struct Config {
  CommunicatorOptions communicator;
};

/// With a communicator: a host, a user, and exactly one of password, key file and agent.
Config decode(const value::Value& config, const PrepareContext& context, Findings& findings);

}  // namespace farm::builders::platform_null
