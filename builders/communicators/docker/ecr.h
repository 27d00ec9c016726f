// ecr: a registry password from Amazon's Elastic Container Registry, private or public.
#pragma once

#include <string>

#include "builders/communicators/docker/docker_options.h"
#include "builders/core/build_context.h"

namespace farm::builders::docker {

struct EcrCredential {
  std::string username;
  Secret password;
};

/// Asks the registry that options.server names. InvalidInput: it names none.
Result<EcrCredential> fetch_ecr_credential(const LoginOptions& options, BuildContext& context);

/// What the host name of a private registry says: <account>.dkr.ecr.<region>.amazonaws.com.
struct EcrRegistry {
  std::string account;
  std::string region;
  bool china = false;
};
Result<EcrRegistry> parse_ecr_registry(const std::string& server);

}  // namespace farm::builders::docker
