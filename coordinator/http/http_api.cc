#include "coordinator/http/http_api.h"

#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <span>

#include "coordinator/dashboard/page.h"
#include "coordinator/http/routes.h"

namespace farm::coordinator {
namespace {

constexpr const char* kCookie = "__Host-farm_session";
constexpr std::chrono::seconds kAnswerLimit{10};
constexpr uint64_t kMaxBody = 64U << 10;
constexpr unsigned kThreads = 4;
constexpr unsigned kMaxConnections = 512;
constexpr unsigned kMaxPerAddress = 128;

int status_of(const HttpAnswer& answer) {
  if (answer.body) return 200;
  switch (answer.body.error().code) {
    case ErrorCode::InvalidInput: return 400;
    case ErrorCode::Denied: return answer.refused ? 401 : 403;
    case ErrorCode::NotFound: return 404;
    case ErrorCode::Conflict: return 409;
    case ErrorCode::Unavailable: return answer.refused ? 429 : 503;
    case ErrorCode::Timeout: return 504;
    case ErrorCode::Cancelled:
    case ErrorCode::Corrupt:
    case ErrorCode::Internal: break;
  }
  return 500;
}

net::ServedResponse json_response(int status, std::string body) {
  net::ServedResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = std::move(body);
  return response;
}

net::ServedResponse error_response(int status, const Error& error) {
  const nlohmann::json document = {
      {"error", {{"code", error_code_name(error.code)}, {"message", error.message}}}};
  net::ServedResponse response = json_response(
      status, document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"farm\""});
  if (status == 429 || status == 503) response.headers.push_back({"Retry-After", "1"});
  return response;
}

void add_security_headers(net::ServedResponse& response, const std::string& policy) {
  response.headers.push_back({"Content-Security-Policy", policy});
  response.headers.push_back({"Strict-Transport-Security", "max-age=31536000"});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  response.headers.push_back({"X-Frame-Options", "DENY"});
  response.headers.push_back({"Referrer-Policy", "no-referrer"});
  response.headers.push_back({"Cross-Origin-Resource-Policy", "same-origin"});
  response.headers.push_back({"Cache-Control", "no-store"});
}

std::string base64_of(std::span<const unsigned char> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

/// "'sha256-...'" of what stands between the tags.
std::string source_hash(std::string_view page, std::string_view open, std::string_view close) {
  const size_t begin = page.find(open) + open.size();
  const std::string_view text = page.substr(begin, page.find(close, begin) - begin);
  std::array<unsigned char, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return "'sha256-" + base64_of(digest) + "'";
}

bool equal(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string cookie_of(const net::ServedRequest& request) {
  const std::string* header = request.header("Cookie");
  if (header == nullptr) return {};
  const std::string wanted = std::string(kCookie) + "=";
  size_t at = 0;
  while (at < header->size()) {
    size_t end = header->find(';', at);
    if (end == std::string::npos) end = header->size();
    while (at < end && (*header)[at] == ' ') ++at;
    if (header->compare(at, wanted.size(), wanted) == 0) {
      return header->substr(at + wanted.size(), end - at - wanted.size());
    }
    at = end + 1;
  }
  return {};
}

struct Credential {
  std::string token;
  bool from_cookie = false;
};

Credential credential_of(const net::ServedRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  if (const std::string* header = request.header("Authorization")) {
    // A header that is there counts, whatever cookie came with it.
    if (header->starts_with(kScheme)) return {header->substr(kScheme.size()), false};
    return {};
  }
  return {cookie_of(request), true};
}

/// Decodes "token=..." of a form; only characters that tokens have.
std::string form_token(const std::string& body) {
  constexpr std::string_view kField = "token=";
  if (!body.starts_with(kField)) return {};
  return net::percent_decode(std::string_view(body).substr(kField.size()));
}

Result<std::string> address_of(const std::string& endpoint, uint16_t& port) {
  constexpr std::string_view kScheme = "tcp://";
  const size_t colon = endpoint.rfind(':');
  const std::string number = colon == std::string::npos ? "" : endpoint.substr(colon + 1);
  if (!endpoint.starts_with(kScheme) || colon < kScheme.size() || number.empty() ||
      number.size() > 5 || number.find_first_not_of("0123456789*") != std::string::npos) {
    return invalid_input("https must be off or tcp://ADDRESS:PORT, not `" + endpoint + "`");
  }
  const int wanted = number == "*" ? 0 : std::atoi(number.c_str());
  if (wanted > 65535) return invalid_input("there is no port " + number);
  port = static_cast<uint16_t>(wanted);
  std::string host = endpoint.substr(kScheme.size(), colon - kScheme.size());
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host == "*" ? "::" : host;
}

}  // namespace

HttpApi::HttpApi(const HttpSettings& settings) : settings_(settings) {
  std::array<unsigned char, 32> key{};
  FARM_CHECK(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
  csrf_key_.assign(reinterpret_cast<const char*>(key.data()), key.size());
  page_policy_ = "default-src 'none'; script-src " +
                 source_hash(kDashboardPage, "<script>", "</script>") + "; style-src " +
                 source_hash(kDashboardPage, "<style>", "</style>") +
                 "; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action "
                 "'self'; frame-ancestors 'none'";
  openapi_ = openapi_document(settings.version);
}

HttpApi::~HttpApi() { calls_.close(); }

Result<std::unique_ptr<HttpApi>> HttpApi::start(const HttpSettings& settings,
                                                const Certificate& certificate) {
  std::unique_ptr<HttpApi> api(new HttpApi(settings));
  net::HttpServerOptions options;
  options.address = TRY(address_of(settings.endpoint, options.port));
  options.threads = kThreads;
  options.max_body_bytes = kMaxBody;
  options.max_connections = kMaxConnections;
  options.max_connections_per_address = kMaxPerAddress;
  options.idle_seconds = settings.request_seconds;
  options.request_seconds = settings.request_seconds;
  options.tls_certificate = certificate.chain;
  options.tls_key = certificate.key;
  HttpApi* self = api.get();
  const auto handler = [self](net::ServedRequest& request) { return self->serve(request); };
  Result<net::HttpServer> server = net::HttpServer::start(options, handler);
  if (!server && options.address == "::" && server.error().code != ErrorCode::Conflict) {
    options.address = "0.0.0.0";  // a machine without IPv6
    server = net::HttpServer::start(options, handler);
  }
  if (!server) return std::move(server).error().within("https");
  api->server_ = std::make_unique<net::HttpServer>(*std::move(server));
  return api;
}

std::string HttpApi::csrf_of(const std::string& token) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> code{};
  unsigned size = 0;
  HMAC(EVP_sha256(), csrf_key_.data(), static_cast<int>(csrf_key_.size()),
       reinterpret_cast<const unsigned char*>(token.data()), token.size(), code.data(), &size);
  return base64_of({code.data(), size});
}

HttpAnswer HttpApi::ask(HttpCall call) {
  call.answer = std::make_shared<std::promise<HttpAnswer>>();
  std::future<HttpAnswer> answer = call.answer->get_future();
  if (!calls_.try_send(std::move(call))) {
    return {unavailable("the coordinator is busy; try again"), false};
  }
  if (answer.wait_for(kAnswerLimit) != std::future_status::ready) {
    return {timed_out("the coordinator did not answer in time"), false};
  }
  try {
    return answer.get();
  } catch (const std::future_error&) {  // the reactor has ended
    return {unavailable("the coordinator stops"), false};
  }
}

net::ServedResponse HttpApi::serve(net::ServedRequest& request) {
  const std::string api_policy = "default-src 'none'; frame-ancestors 'none'";
  const bool get = request.method == "GET" || request.method == "HEAD";
  net::ServedResponse response;
  if (get && (request.path == "/" || request.path == "/index.html")) {
    response.headers = {{"Content-Type", "text/html; charset=utf-8"}};
    response.body = kDashboardPage;
    add_security_headers(response, page_policy_);
    return response;
  }
  if (get && request.path == "/healthz") {
    response = serve_health();
  } else if (get && request.path == "/openapi.json") {
    response = json_response(200, openapi_);
  } else if (request.method == "POST" && request.path == "/login") {
    response = log_in(request);
  } else if (request.method == "POST" && request.path == "/logout") {
    response = log_out();
  } else {
    response = serve_api(request);
  }
  add_security_headers(response, api_policy);
  return response;
}

net::ServedResponse HttpApi::serve_health() {
  const HttpAnswer answer = ask({"", "/healthz", wire::Query{{}, "health", {}}, {}, {}});
  if (!answer.body) return error_response(503, answer.body.error());
  const bool serving = answer.body->find("\"serving\"") != std::string::npos;
  return json_response(serving ? 200 : 503, *answer.body);
}

net::ServedResponse HttpApi::serve_api(const net::ServedRequest& request) {
  const Credential credential = credential_of(request);
  const std::string method = request.method == "HEAD" ? "GET" : request.method;
  Result<Routed> routed = find_route(method, request.path, request.query);
  HttpCall call{credential.token, method + " " + request.path, wire::Query{}, {}, {}};
  if (!routed) {
    // Who asks for what is not there may be looking for a way in: it is recorded.
    const Error error = routed.error();
    if (error.code == ErrorCode::Denied) {
      call.refusal = error;
      static_cast<void>(ask(std::move(call)));
    }
    const bool wrong_method = error.message.starts_with("this path is not");
    return error_response(error.code == ErrorCode::NotFound ? 404 : wrong_method ? 405 : 400, error);
  }
  const Route& route = *routed->route;
  if (route.kind == Route::Kind::Query) {
    call.message = wire::Query{{}, std::string(route.what), std::move(routed->arguments)};
  } else {
    call.message = wire::Command{{}, std::string(route.what), std::move(routed->arguments)};
    const std::string* proof = request.header("X-CSRF-Token");
    const std::string expected = csrf_of(credential.token);
    if (credential.from_cookie && (proof == nullptr || !equal(*proof, expected))) {
      call.refusal = denied("a change from a browser needs the X-CSRF-Token of its session");
    }
  }
  const HttpAnswer answer = ask(std::move(call));
  if (!answer.body) return error_response(status_of(answer), answer.body.error());
  if (route.what == "metrics") {
    net::ServedResponse response;
    response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
    response.body = *answer.body;
    return response;
  }
  if (route.what != "whoami") return json_response(200, *answer.body);
  nlohmann::ordered_json session = nlohmann::ordered_json::parse(*answer.body, nullptr, false);
  if (session.is_object() && credential.from_cookie) session["csrf"] = csrf_of(credential.token);
  return json_response(200, session.dump());
}

net::ServedResponse HttpApi::log_in(const net::ServedRequest& request) {
  const std::string token = form_token(request.body);
  const HttpAnswer answer = ask({token, "POST /login", wire::Query{{}, "whoami", {}}, {}, {}});
  if (!answer.body) return error_response(status_of(answer), answer.body.error());
  net::ServedResponse response = json_response(200, *answer.body);
  response.headers.push_back({"Set-Cookie", std::string(kCookie) + "=" + token +
                                                "; Path=/; Secure; HttpOnly; SameSite=Strict"});
  return response;
}

net::ServedResponse HttpApi::log_out() const {
  net::ServedResponse response = json_response(200, "{}");
  response.headers.push_back({"Set-Cookie", std::string(kCookie) +
                                                "=; Path=/; Secure; HttpOnly; SameSite=Strict; "
                                                "Max-Age=0"});
  return response;
}

}  // namespace farm::coordinator
