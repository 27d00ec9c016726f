// ConnectOptions: which server, as whom.
#pragma once

#include <string>

#include "common/base/secret.h"

namespace farm::builders::vsphere {

struct ConnectOptions {
  std::string server;  // host or host:port
  std::string username;
  Secret password;
  bool insecure = false;
  std::string datacenter;
};

}  // namespace farm::builders::vsphere
