// HttpCall: a question or command that came over HTTPS, on its way to the reactor. The reactor checks
// the token and the role; the answer goes back to the thread that holds the request.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/wire/message.h"

namespace farm::coordinator {

struct HttpAnswer {
  Result<std::string> body;
  bool refused = false;  // before it was looked at: no such token, or too many requests
};

struct HttpCall {
  std::string token;  // empty: none came
  std::string path;   // for the audit log
  wire::Message message;         // Query or Command
  std::optional<Error> refusal;  // not to be done: only checked for who it was, and recorded
  /// Shared by the thread that waits and the reactor: the first may give up before the other answers.
  std::shared_ptr<std::promise<HttpAnswer>> answer;
};

}  // namespace farm::coordinator
