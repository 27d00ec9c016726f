// JoinToken: all that a new agent or client needs to join a farm, as one word to paste: where the
// coordinator listens, its public key (so that nobody can pose as it) and the single-use secret.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace farm::wire {

struct JoinToken {
  std::string control;     // endpoint, "tcp://farm.example:7440"
  std::string bulk;        // endpoint
  std::string enroll;      // endpoint
  std::string server_key;  // Z85, 40 characters
  std::string secret;
};

/// "farm1-" and URL-safe base64.
std::string format_join_token(const JoinToken& token);
/// InvalidInput when `text` is no join token.
Result<JoinToken> parse_join_token(std::string_view text);

}  // namespace farm::wire
