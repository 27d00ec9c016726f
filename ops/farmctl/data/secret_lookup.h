// What vault(), consul_key() and aws_secretsmanager() ask for: one request to a secret store over
// HTTP. Where the store is and who asks comes from the variables that its own tools read.
#pragma once

#include <string>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/environment.h"
#include "common/base/result.h"

namespace farm::farmctl {

/// `kind` is the function's name, `arguments` what it was called with. NotFound: no such secret or
/// key; InvalidInput: something must be set first; else what HttpClient says.
Result<std::string> look_up_secret(const std::string& kind,
                                   const std::vector<std::string>& arguments,
                                   const Environment& environment, const CancelToken& cancel);

}  // namespace farm::farmctl
