// HttpDesk: the reactor's side of the HTTP API: takes calls from the endpoint's threads to the service
// and gives its answers back. Owner thread: reactor.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "coordinator/fleet/transport.h"
#include "coordinator/http/http_call.h"

namespace farm::coordinator {

class HttpApi;
class Service;

struct HttpDeskConfig {
  std::string endpoint;  // "tcp://ADDRESS:PORT"
  std::string certificate_file;  // both, or a certificate of our own in `data`
  std::string key_file;
  std::string data;
  std::string advertise;  // host name that our own certificate is for besides this machine's
  std::string version;
  unsigned request_seconds = 10;
};

class HttpDesk {
 public:
  static Result<std::unique_ptr<HttpDesk>> open(const HttpDeskConfig& config);
  ~HttpDesk();

  /// "https://HOST:PORT", with the real port.
  const std::string& url() const { return url_; }
  /// SHA-256 of the certificate, as browsers show it.
  const std::string& fingerprint() const { return fingerprint_; }

  int fd() const;
  /// Hands what has come to the service.
  void take(Service& service);
  /// Gives an answer of the service (Lane::Http) to who asked.
  Result<void> answer(const Outgoing& outgoing);

 private:
  HttpDesk() = default;
  std::map<std::string, std::shared_ptr<std::promise<HttpAnswer>>> waiting_;  // by Peer::routing
  uint64_t last_ = 0;
  std::string url_;
  std::string fingerprint_;
  std::unique_ptr<HttpApi> api_;
};

}  // namespace farm::coordinator
