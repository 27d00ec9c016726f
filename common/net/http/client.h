// HttpClient: HTTP requests over libcurl with a deadline, cancellation and streaming in both
// directions. Used for downloads and provider APIs. A client keeps connections alive between
// requests; it belongs to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/secret.h"

namespace farm::net {

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http, https, ftp, ftps or file
  std::vector<HttpHeader> headers;
  std::string body;
  /// Instead of `body`: fills the buffer, 0 at the end. `body_size` bytes in all.
  std::function<size_t(char* buffer, size_t capacity)> body_source;
  uint64_t body_size = 0;

  Duration connect_timeout = std::chrono::seconds(30);
  Duration deadline = std::chrono::minutes(5);  // of the whole transfer
  /// Fails with Timeout when fewer than one byte per second came for so long; 0: never.
  Duration stall_timeout = std::chrono::seconds(60);
  int max_redirects = 10;
  uint64_t max_body_bytes = 64U << 20;  // of HttpResponse::body; more is an error

  std::string user;  // basic authentication when not empty
  Secret password;
  bool ntlm = false;  // the user logs in by NTLM instead; DOMAIN\user is understood
  bool netrc = false;  // look for credentials in ~/.netrc
  bool verify_tls = true;
  std::string ca_file;
  std::string client_certificate_file;  // PEM
  std::string client_key_file;
  std::string proxy;        // empty: http_proxy and its kin of the environment
  /// Not over a connection that is open already: libcurl would silently send the request again when
  /// that turns out to be closed, which must not happen to one that creates something.
  bool fresh_connection = false;
  bool no_proxy = false;    // straight to the host, whatever the environment says
  std::string unix_socket;  // connect there instead of to the URL's host
  uint64_t resume_from = 0;  // asks for the bytes from this offset on

  /// The body of a 2xx answer goes here in pieces instead of into HttpResponse::body.
  std::function<Result<void>(std::string_view piece)> on_body;
  /// Called before the first piece of a 2xx body: an answer without ranges (200) begins at 0.
  std::function<Result<void>(int status)> on_status;
  std::function<void(uint64_t done, uint64_t total)> on_progress;  // total 0: unknown
};

struct HttpResponse {
  int status = 0;  // 0 for file:
  std::string reason;  // text of the status line; some servers say there what went wrong
  std::vector<HttpHeader> headers;  // of the last answer
  std::string body;
  std::string url;  // after redirects

  /// First header of that name, any case; nullptr when absent.
  const std::string* header(std::string_view name) const;
  bool success() const { return status >= 200 && status < 300; }
};

class HttpClient {
 public:
  HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  /// Any HTTP status is a response, not an error. Unavailable: no answer (retryable); Timeout;
  /// Cancelled; InvalidInput: no such URL; Denied: the peer's certificate is not trusted.
  Result<HttpResponse> send(const HttpRequest& request, const CancelToken& cancel);

 private:
  struct Handles;
  std::unique_ptr<Handles> handles_;
};

/// `text` with everything but unreserved characters percent-encoded.
std::string percent_encode(std::string_view text);
/// Inverse; invalid escapes stay as they are.
std::string percent_decode(std::string_view text);

}  // namespace farm::net
