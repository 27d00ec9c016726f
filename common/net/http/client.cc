#include "common/net/http/client.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <strings.h>

#include "common/net/http/curl.h"

namespace farm::net {
namespace {

// State of one transfer that libcurl's callbacks write to.
struct Transfer {
  const HttpRequest& request;
  const CancelToken& cancel;
  HttpResponse response;
  std::string_view body_left;
  std::optional<Error> stopped;  // why a callback gave up
  bool status_told = false;
  CURL* easy = nullptr;

  bool stop(Error error) {
    stopped = std::move(error);
    return false;
  }
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.front()) != nullptr) text.remove_prefix(1);
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return text;
}

size_t on_header(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();  // a new answer: redirect, 100, authentication round
    const size_t code = line.find(' ');
    const size_t reason = code == std::string_view::npos ? code : line.find(' ', code + 1);
    transfer.response.reason =
        reason == std::string_view::npos ? "" : std::string(trimmed(line.substr(reason + 1)));
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    transfer.response.headers.push_back({std::string(trimmed(line.substr(0, colon))),
                                         std::string(trimmed(line.substr(colon + 1)))});
  }
  return size * count;
}

bool take_body(Transfer& transfer, std::string_view piece) {
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  const HttpRequest& request = transfer.request;
  // 1xx: an FTP server's data connection is open; HTTP has no body then.
  const bool good = status < 300;
  if (good && request.on_body) {
    if (!transfer.status_told && request.on_status) {
      const Result<void> told = request.on_status(static_cast<int>(status));
      if (!told) return transfer.stop(told.error());
    }
    transfer.status_told = true;
    const Result<void> taken = request.on_body(piece);
    return taken ? true : transfer.stop(taken.error());
  }
  if (transfer.response.body.size() + piece.size() > request.max_body_bytes) {
    return transfer.stop(invalid_input("the answer is larger than " +
                                       std::to_string(request.max_body_bytes) + " bytes"));
  }
  transfer.response.body.append(piece);
  return true;
}

size_t on_write(char* data, size_t size, size_t count, void* user) {
  const std::string_view piece(data, size * count);
  return take_body(*static_cast<Transfer*>(user), piece) ? piece.size() : 0;
}

size_t on_read(char* buffer, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.request.body_source) return transfer.request.body_source(buffer, size * count);
  const size_t give = std::min(size * count, transfer.body_left.size());
  std::memcpy(buffer, transfer.body_left.data(), give);
  transfer.body_left.remove_prefix(give);
  return give;
}

// A redirect or an authentication round sends the body again.
int on_seek(void* user, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto at = static_cast<size_t>(offset);
  if (transfer.request.body_source || origin != SEEK_SET || at > transfer.request.body.size()) {
    return CURL_SEEKFUNC_CANTSEEK;
  }
  transfer.body_left = std::string_view(transfer.request.body).substr(at);
  return CURL_SEEKFUNC_OK;
}

int on_progress(void* user, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.cancel.cancelled()) return 1;
  if (transfer.request.on_progress && done > 0) {
    transfer.request.on_progress(static_cast<uint64_t>(done), static_cast<uint64_t>(total));
  }
  return 0;
}

CurlSlist header_list(const HttpRequest& request) {
  curl_slist* list = nullptr;
  for (const HttpHeader& header : request.headers) {
    // "Name;" is how curl is told to send a header without value.
    const std::string line =
        header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    list = curl_slist_append(list, line.c_str());
  }
  // No waiting for "100 Continue": peers that never send it would cost a second each.
  list = curl_slist_append(list, "Expect:");
  return CurlSlist(list);
}

long millis(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

void set_method(CURL* easy, const HttpRequest& request) {
  const bool has_body = !request.body.empty() || request.body_source;
  const auto size = static_cast<curl_off_t>(request.body_source ? request.body_size
                                                                : request.body.size());
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
  } else if (has_body) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, size);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void set_security(CURL* easy, const HttpRequest& request) {
  if (!request.verify_tls) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  const auto set_if = [&](CURLoption option, const std::string& text) {
    if (!text.empty()) curl_easy_setopt(easy, option, text.c_str());
  };
  set_if(CURLOPT_CAINFO, request.ca_file);
  set_if(CURLOPT_SSLCERT, request.client_certificate_file);
  set_if(CURLOPT_SSLKEY, request.client_key_file);
  set_if(CURLOPT_PROXY, request.proxy);
  if (request.no_proxy) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  set_if(CURLOPT_UNIX_SOCKET_PATH, request.unix_socket);
  if (!request.user.empty()) {
    set_if(CURLOPT_USERNAME, request.user);
    curl_easy_setopt(easy, CURLOPT_PASSWORD, request.password.reveal().c_str());
    if (request.ntlm) curl_easy_setopt(easy, CURLOPT_HTTPAUTH, long{CURLAUTH_NTLM});
  }
  if (request.netrc) curl_easy_setopt(easy, CURLOPT_NETRC, long{CURL_NETRC_OPTIONAL});
}

void set_limits(CURL* easy, const HttpRequest& request) {
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, millis(request.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, millis(request.deadline));
  if (request.stall_timeout.count() > 0) {
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     std::max(1L, millis(request.stall_timeout) / 1000));
  }
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request.max_redirects > 0 ? 1L : 0L);
  // Rounds of NTLM count as redirects: with 0 no login would ever end.
  if (request.max_redirects > 0) {
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(request.max_redirects));
  }
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,file,ftp,ftps");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_RESUME_FROM_LARGE,
                   static_cast<curl_off_t>(request.resume_from));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request.fresh_connection ? 1L : 0L);
}

void set_callbacks(CURL* easy, Transfer& transfer, curl_slist* headers) {
  curl_easy_setopt(easy, CURLOPT_URL, transfer.request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "farm");
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
}

Error error_of(CURLcode code, const char* detail) {
  const std::string text =
      detail != nullptr && detail[0] != '\0' ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return timed_out(text);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_TOO_MANY_REDIRECTS: return invalid_input(text);
    case CURLE_FILE_COULDNT_READ_FILE:
    case CURLE_REMOTE_FILE_NOT_FOUND: return not_found(text);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_LOGIN_DENIED: return denied(text);
    default: return unavailable(text);
  }
}

// Drives the transfer; wakes for the cancel token. libcurl's own timers keep the deadlines.
CURLcode drive(CURLM* multi, const CancelToken& cancel) {
  while (true) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    if (running == 0) return CURLE_FAILED_INIT;
    if (cancel.cancelled()) return CURLE_ABORTED_BY_CALLBACK;
    curl_waitfd wake{};
    wake.fd = cancel.fd();
    wake.events = CURL_WAIT_POLLIN;
    const bool can_wake = cancel.fd() >= 0;
    curl_multi_poll(multi, &wake, can_wake ? 1U : 0U, can_wake ? 1000 : 100, nullptr);
  }
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         c == '-' || c == '_' || c == '.' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

const std::string* HttpResponse::header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (header.name.size() == name.size() &&
        ::strncasecmp(header.name.data(), name.data(), name.size()) == 0) {
      return &header.value;
    }
  }
  return nullptr;
}

struct HttpClient::Handles {
  CurlEasy easy;
  CurlMulti multi;
};

HttpClient::HttpClient() : handles_(std::make_unique<Handles>()) {
  // Thread-safe since curl 7.84; once per process, and only in programs that make requests.
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  FARM_CHECK(global == CURLE_OK);
  handles_->easy.reset(curl_easy_init());
  handles_->multi.reset(curl_multi_init());
  FARM_CHECK(handles_->easy != nullptr && handles_->multi != nullptr);
}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request, const CancelToken& cancel) {
  CURL* easy = handles_->easy.get();
  curl_easy_reset(easy);
  Transfer transfer{request, cancel, {}, request.body, std::nullopt, false, easy};
  char detail[CURL_ERROR_SIZE] = {};
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
  const CurlSlist headers = header_list(request);
  set_callbacks(easy, transfer, headers.get());
  set_limits(easy, request);
  set_security(easy, request);
  set_method(easy, request);
  if (curl_multi_add_handle(handles_->multi.get(), easy) != CURLM_OK) {
    return internal("libcurl refused the transfer");
  }
  const CURLcode code = drive(handles_->multi.get(), cancel);
  curl_multi_remove_handle(handles_->multi.get(), easy);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
  if (cancel.cancelled()) return cancelled("cancelled");
  if (transfer.stopped) return *transfer.stopped;
  if (code != CURLE_OK) return error_of(code, detail);
  long status = 0;
  const char* url = nullptr;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
  transfer.response.status = static_cast<int>(status);
  transfer.response.url = url == nullptr ? request.url : url;
  return std::move(transfer.response);
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? hex_value(text[i + 1]) : -1;
    const int low = escape ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace farm::net
