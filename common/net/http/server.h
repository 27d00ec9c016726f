// HttpServer: a small HTTP/1.1 server over libmicrohttpd. One thread of its own (or a pool) calls
// the handler; files are sent by the kernel. Serves http_directory to guests, and APIs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/io/fd.h"
#include "common/net/http/client.h"

namespace farm::net {

struct ServedRequest {
  std::string method;
  std::string path;  // percent-decoded, starts with '/'; not cleaned of ".."
  std::multimap<std::string, std::string> query;
  std::vector<HttpHeader> headers;
  std::string body;
  std::string peer;  // address of the client without port

  /// First header of that name, any case; nullptr when absent.
  const std::string* header(std::string_view name) const;
};

struct ServedResponse {
  int status = 200;
  std::vector<HttpHeader> headers;
  std::string body;
  /// Sent instead of `body` when valid: `file_size` bytes from `file_offset`.
  io::Fd file;
  uint64_t file_offset = 0;
  uint64_t file_size = 0;
  /// Instead of both: called for more until it gives 0 (end). May block only in a pool thread.
  std::function<size_t(char* buffer, size_t capacity)> stream;
};

/// Runs on the server's threads: must be thread-safe when `threads` is above 1.
using HttpHandler = std::function<ServedResponse(ServedRequest&)>;

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // IPv4 or IPv6; "::" takes both
  uint16_t port = 0;                  // 0: any free one
  unsigned threads = 1;
  uint64_t max_body_bytes = 1U << 20;  // larger requests get 413
  unsigned max_connections = 256;
  unsigned idle_seconds = 60;  // connections without a byte for so long are closed
  unsigned max_connections_per_address = 0;  // 0: no limit of its own
  /// A whole request must have come, and its answer been taken, within so long each; 0: no limit.
  unsigned request_seconds = 0;
  /// PEM texts; with them only TLS 1.2 and later is spoken.
  std::string tls_certificate;
  std::string tls_key;
};

/// Listening TCP socket. Conflict: the port is taken; InvalidInput: no such address here.
Result<io::Fd> listen_tcp(const std::string& address, uint16_t port);
/// Port a socket is bound to.
uint16_t bound_port(int socket);

class HttpServer {
 public:
  static Result<HttpServer> start(const HttpServerOptions& options, HttpHandler handler);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  /// Stops listening, closes connections, joins the threads.
  ~HttpServer();
  uint16_t port() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace farm::net
