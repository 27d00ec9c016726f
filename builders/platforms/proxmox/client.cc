#include "builders/platforms/proxmox/client.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "builders/platforms/proxmox/api_error.h"
#include "common/base/log.h"
#include "common/io/fd.h"
#include "common/io/files.h"

namespace farm::builders::platform_proxmox {
namespace {

// A ticket lives two hours; a valid one is good for the next.
constexpr Duration kTicketAge = std::chrono::minutes(90);
constexpr Duration kTicketLife = std::chrono::hours(2);
constexpr int kTries = 3;
constexpr Duration kRetryPause = std::chrono::seconds(1);
constexpr uint64_t kLargestAnswer = 64U << 20;

Result<Json> data_of(const net::HttpResponse& response) {
  Json body = Json::parse(response.body, nullptr, false);
  if (!body.is_object() || !body.contains("data")) {
    return invalid_input(
        "the answer is no Proxmox API's: is proxmox_url https://HOST:8006/api2/json?");
  }
  return std::move(body["data"]);
}

}  // namespace

std::string form_encode(const Parameters& values) {
  std::string out;
  for (const auto& [name, value] : values) {
    if (value.empty()) continue;
    if (!out.empty()) out += '&';
    out += net::percent_encode(name) + "=" + net::percent_encode(value);
  }
  return out;
}

std::string text_of(const Json& object, const char* name, const std::string& other) {
  if (!object.is_object()) return other;
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return other;
  if (found->is_string()) return found->get<std::string>();
  return found->is_number() || found->is_boolean() ? found->dump() : other;
}

int64_t number_of(const Json& object, const char* name, int64_t other) {
  if (!object.is_object()) return other;
  const auto found = object.find(name);
  if (found == object.end()) return other;
  if (found->is_number()) return found->get<int64_t>();
  if (found->is_boolean()) return found->get<bool>() ? 1 : 0;
  if (!found->is_string()) return other;
  const std::string text = found->get<std::string>();
  char* end = nullptr;
  const long long value = std::strtoll(text.c_str(), &end, 10);
  return end == text.c_str() ? other : value;
}

double real_of(const Json& object, const char* name, double other) {
  if (!object.is_object()) return other;
  const auto found = object.find(name);
  if (found == object.end()) return other;
  if (found->is_number()) return found->get<double>();
  if (!found->is_string()) return other;
  return std::strtod(found->get<std::string>().c_str(), nullptr);
}

Client::Client(Access access, const Clock& clock, Ui& ui)
    : access_(std::move(access)), clock_(clock), ui_(ui) {}

net::HttpRequest Client::request(const std::string& method, const std::string& path) const {
  net::HttpRequest made;
  made.method = method;
  made.url = access_.url + path;
  made.verify_tls = access_.verify_tls;
  made.ca_file = access_.ca_file;
  made.max_redirects = 0;
  made.max_body_bytes = kLargestAnswer;
  made.deadline = std::chrono::minutes(2);
  made.stall_timeout = std::chrono::minutes(2);
  return made;
}

Error Client::connection_error(const Error& error) const {
  if (error.code == ErrorCode::Cancelled) return error;
  const std::string text = "Proxmox API at " + access_.url + ": " + error.message;
  if (error.code != ErrorCode::Denied) return {error.code, text, error.retryable};
  return denied(text +
                " (the server's certificate is not trusted: add its CA to this machine, or set "
                "insecure_skip_tls_verify = true)");
}

Result<void> Client::log_in(const Secret& password, const CancelToken& cancel) {
  net::HttpRequest login = request("POST", "/access/ticket");
  login.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  login.body = form_encode({{"username", access_.username}, {"password", password.reveal()}});
  const Result<net::HttpResponse> response = http_.send(login, cancel);
  if (!response) return connection_error(response.error());
  if (!response->success()) {
    return api_error("POST", "/access/ticket", access_.username, *response);
  }
  const Json data = TRY(data_of(*response));
  if (number_of(data, "NeedTFA") != 0) {
    return denied("the user " + access_.username +
                  " needs a second factor, which a build cannot give: use an API token");
  }
  ticket_ = Secret(text_of(data, "ticket"));
  csrf_token_ = Secret(text_of(data, "CSRFPreventionToken"));
  ticket_since_ = clock_.now();
  if (ticket_.empty()) return denied("the Proxmox API gave no ticket to " + access_.username);
  return {};
}

Result<void> Client::authenticate(net::HttpRequest& request, const CancelToken& cancel) {
  if (!access_.token.empty()) {
    request.headers.push_back({"Authorization", "PVEAPIToken=" + access_.username + "=" +
                                                    access_.token.reveal()});
    return {};
  }
  const Duration age = clock_.now() - ticket_since_;
  if (ticket_.empty() || age > kTicketLife) {
    TRY(log_in(access_.password, cancel));
  } else if (age > kTicketAge) {
    const Secret ticket = ticket_;
    TRY(log_in(ticket, cancel));
  }
  request.headers.push_back(
      {"Cookie", "PVEAuthCookie=" + net::percent_encode(ticket_.reveal())});
  if (request.method != "GET") {
    request.headers.push_back({"CSRFPreventionToken", csrf_token_.reveal()});
  }
  return {};
}

// A refused ticket (the server's clock or key changed) is replaced once.
Result<net::HttpResponse> Client::send(net::HttpRequest request, const CancelToken& cancel) {
  const bool may_repeat = access_.token.empty() && !request.body_source;
  const std::vector<net::HttpHeader> headers = request.headers;
  for (int round = 0;; ++round) {
    request.headers = headers;
    TRY(authenticate(request, cancel));
    Result<net::HttpResponse> response = http_.send(request, cancel);
    if (!response) return connection_error(response.error());
    if (response->status != 401 || !may_repeat || round > 0) return response;
    log::info("ticket refused; logging in again", {{"url", access_.url}});
    ticket_ = Secret();
  }
}

Result<Json> Client::call(const std::string& method, const std::string& path,
                          const Parameters& values, const CancelToken& cancel) {
  net::HttpRequest made = request(method, path);
  const std::string encoded = form_encode(values);
  const bool has_body = method == "POST" || method == "PUT";
  made.fresh_connection = method == "POST";
  if (!has_body && !encoded.empty()) made.url += "?" + encoded;
  if (has_body) {
    made.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    made.body = encoded;
  }
  for (int attempt = 1;; ++attempt) {
    const Result<net::HttpResponse> response = send(made, cancel);
    if (response && response->success()) return data_of(*response);
    const Error error = response
                            ? api_error(method, path, access_.username, *response)
                            : response.error();
    // Only reading is harmless to repeat: a write may have been done.
    if (method != "GET" || !error.retryable || attempt >= kTries) return error;
    log::info("repeating a request", {{"path", path}, {"error", error.message}});
    if (!cancel.sleep(kRetryPause)) return cancelled("cancelled");
  }
}

Result<Json> Client::get(const std::string& path, const Parameters& query,
                         const CancelToken& cancel) {
  return call("GET", path, query, cancel);
}
Result<Json> Client::post(const std::string& path, const Parameters& form,
                          const CancelToken& cancel) {
  return call("POST", path, form, cancel);
}
Result<Json> Client::put(const std::string& path, const Parameters& form,
                         const CancelToken& cancel) {
  return call("PUT", path, form, cancel);
}
Result<Json> Client::remove(const std::string& path, const Parameters& query,
                            const CancelToken& cancel) {
  return call("DELETE", path, query, cancel);
}

Result<void> Client::post_task(const std::string& path, const Parameters& form,
                               const CancelToken& cancel) {
  const Json data = TRY(post(path, form, cancel));
  return wait(data, cancel);
}

}  // namespace farm::builders::platform_proxmox
