// Joining a farm: spends a token for this user's key.
#pragma once

#include <string>

#include "ops/farmctl/client/client.h"

namespace farm::farmctl {

/// The configuration to keep. Denied: the token is not good; Unavailable: nobody answers.
Result<ClientConfig> enrol(Client& client, const std::string& token, const std::string& name);

}  // namespace farm::farmctl
