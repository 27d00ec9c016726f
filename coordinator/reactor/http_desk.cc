#include "coordinator/reactor/http_desk.h"

#include <unistd.h>

#include "coordinator/http/certificate.h"
#include "coordinator/http/http_api.h"
#include "coordinator/reactor/service.h"

namespace farm::coordinator {
namespace {

// Answers that the service still owes; more means that it is far behind.
constexpr size_t kMaxOwed = 1024;

std::string own_host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

/// What a browser on another machine would type.
std::string url_of(const HttpDeskConfig& config, uint16_t port) {
  const size_t begin = std::string("tcp://").size();
  std::string host = config.endpoint.substr(begin, config.endpoint.rfind(':') - begin);
  if (!config.advertise.empty()) {
    host = config.advertise;
  } else if (host == "*" || host == "0.0.0.0" || host == "[::]") {
    host = own_host_name();
  }
  return "https://" + host + ":" + std::to_string(port);
}

}  // namespace

HttpDesk::~HttpDesk() {
  // Who still waits is told at once that nobody will answer: a promise that goes says so.
  if (api_) api_->close();
  waiting_.clear();
  while (api_ && api_->receive()) {
  }
}

Result<std::unique_ptr<HttpDesk>> HttpDesk::open(const HttpDeskConfig& config) {
  if (config.certificate_file.empty() != config.key_file.empty()) {
    return invalid_input("https_certificate and https_key belong together");
  }
  std::vector<std::string> hosts = {"localhost", "127.0.0.1", "::1", own_host_name()};
  if (!config.advertise.empty()) hosts.push_back(config.advertise);
  const Certificate certificate =
      TRY(config.certificate_file.empty()
              ? own_certificate(config.data, hosts)
              : load_certificate(config.certificate_file, config.key_file));
  HttpSettings settings;
  settings.endpoint = config.endpoint;
  settings.version = config.version;
  settings.request_seconds = config.request_seconds;
  std::unique_ptr<HttpDesk> desk(new HttpDesk);
  desk->api_ = TRY(HttpApi::start(settings, certificate));
  desk->fingerprint_ = certificate.fingerprint;
  desk->url_ = url_of(config, desk->api_->port());
  return desk;
}

int HttpDesk::fd() const { return api_->fd(); }

void HttpDesk::take(Service& service) {
  while (waiting_.size() < kMaxOwed) {
    std::optional<HttpCall> call = api_->receive();
    if (!call) return;
    const Peer peer{Lane::Http, std::to_string(++last_), {}};
    waiting_[peer.routing] = std::move(call->answer);
    service.handle_http(peer, call->token, call->path, call->message, call->refusal);
  }
}

Result<void> HttpDesk::answer(const Outgoing& outgoing) {
  const auto found = waiting_.find(outgoing.to.routing);
  if (found == waiting_.end()) return unavailable("nobody waits for this answer");
  const std::shared_ptr<std::promise<HttpAnswer>> waiting = std::move(found->second);
  waiting_.erase(found);
  if (const auto* reply = std::get_if<wire::QueryReply>(&outgoing.message)) {
    waiting->set_value({reply->error ? Result<std::string>(*reply->error)
                                     : Result<std::string>(reply->json),
                        false});
  } else if (const auto* refusal = std::get_if<wire::ProtocolError>(&outgoing.message)) {
    waiting->set_value({refusal->error, true});
  } else {
    waiting->set_value({internal("the coordinator gave another kind of answer"), false});
  }
  return {};
}

}  // namespace farm::coordinator
