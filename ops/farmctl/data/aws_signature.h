// Signature version 4 of Amazon's APIs: the headers that say who sends a request.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/net/http/client.h"

namespace farm::farmctl {

struct AwsIdentity {
  std::string key_id;
  Secret key;
  std::string session_token;  // empty: none
  std::string region;
};

/// Adds host, date, token and authorization to `request`, whose URL is scheme, host and "/" and whose
/// other headers and body are final.
void sign_for_aws(net::HttpRequest& request, const AwsIdentity& identity,
                  const std::string& service, WallTime now);

}  // namespace farm::farmctl
