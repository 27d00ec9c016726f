// Routes: which request of the HTTP API is which question or command. One table for dispatch and for
// openapi.json, so that neither can lag behind.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace farm::coordinator {

struct Route {
  enum class Kind { Query, Command };
  std::string_view method;
  std::string_view pattern;  // "/api/v1/builds/{build}/log"; {x} is one segment, the argument x
  Kind kind = Kind::Query;
  std::string_view what;     // of wire::Query or wire::Command
  std::vector<std::string_view> options;  // arguments taken from the query string
  std::string_view role;     // the least that is needed, as documented; the reactor checks it
  std::string_view summary;
};

const std::vector<Route>& routes();

struct Routed {
  const Route* route = nullptr;
  std::map<std::string, std::string> arguments;
};
/// NotFound: no such path; InvalidInput: the path is there, for another method or with an unknown
/// option; Denied: a segment that could lead elsewhere ("..", control characters).
Result<Routed> find_route(const std::string& method, const std::string& path,
                          const std::multimap<std::string, std::string>& query);

/// OpenAPI 3.1 of the table.
std::string openapi_document(const std::string& version);

}  // namespace farm::coordinator
