// HttpApi: the HTTPS endpoint: routes, tokens and sessions of browsers, security headers, and the
// dashboard. Threads of the HTTP server turn requests into calls and wait for the reactor's answers;
// nothing here looks at the coordinator's state.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/base/channel.h"
#include "common/base/result.h"
#include "common/net/http/server.h"
#include "coordinator/http/certificate.h"
#include "coordinator/http/http_call.h"

namespace farm::coordinator {

struct HttpSettings {
  std::string endpoint = "tcp://*:7443";
  std::string version;
  unsigned request_seconds = 10;  // for the whole of a request to come
};

class HttpApi {
 public:
  /// Conflict: the port is in use; InvalidInput: no such address.
  static Result<std::unique_ptr<HttpApi>> start(const HttpSettings& settings,
                                                const Certificate& certificate);
  /// Ends waiting requests with 503.
  ~HttpApi();
  HttpApi(const HttpApi&) = delete;
  HttpApi& operator=(const HttpApi&) = delete;

  /// For the reactor; each call is to be answered, once.
  std::optional<HttpCall> receive() { return calls_.receive(); }
  int fd() const { return calls_.fd(); }
  /// Takes no more calls; what waits in receive() is still there.
  void close() { calls_.close(); }
  uint16_t port() const { return server_->port(); }

 private:
  explicit HttpApi(const HttpSettings& settings);
  net::ServedResponse serve(net::ServedRequest& request);
  net::ServedResponse serve_api(const net::ServedRequest& request);
  net::ServedResponse serve_health();
  net::ServedResponse log_in(const net::ServedRequest& request);
  net::ServedResponse log_out() const;
  HttpAnswer ask(HttpCall call);
  std::string csrf_of(const std::string& token) const;

  const HttpSettings settings_;
  std::string csrf_key_;  // of this process
  std::string page_policy_;
  std::string openapi_;
  Channel<HttpCall> calls_{256};
  std::unique_ptr<net::HttpServer> server_;  // last: its threads use the rest
};

}  // namespace farm::coordinator
