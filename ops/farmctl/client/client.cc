#include "ops/farmctl/client/client.h"

#include <cstdio>

namespace farm::farmctl {

int Client::fail(const Error& error) const {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  switch (error.code) {
    case ErrorCode::Unavailable:
      return kUnreachable;
    case ErrorCode::Timeout:
      return kWaitRanOut;
    case ErrorCode::Denied:
      return kNotAllowed;
    case ErrorCode::Cancelled:
      return kCancelled;
    case ErrorCode::InvalidInput:
    case ErrorCode::NotFound:
    case ErrorCode::Conflict:
      return kWrongUse;
    default:
      return kBuildFailed;
  }
}

Result<std::unique_ptr<Connection>> Client::connect(const ParsedFlags& flags) const {
  const ClientConfig config =
      TRY(load_client_config(environment, flags.text("coordinator")));
  const net::CurveKeys keys = TRY(client_keys(environment));
  return Connection::open(config, keys);
}

std::vector<Flag> client_flags(std::vector<Flag> own) {
  own.push_back({"coordinator", FlagKind::Text, "endpoint of the coordinator (host or tcp://host:port)"});
  own.push_back({"output", FlagKind::Text, "table (default) or json"});
  return own;
}

Result<bool> wants_json(const ParsedFlags& flags) {
  const std::string form = flags.text("output");
  if (form.empty() || form == "table") return false;
  if (form == "json") return true;
  return invalid_input("--output must be table or json, not `" + form + "`");
}

}  // namespace farm::farmctl
