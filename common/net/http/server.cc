#include "common/net/http/server.h"

#include "common/net/http/request_watch.h"

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <microhttpd.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

namespace farm::net {
namespace {

struct ResponseFree {
  void operator()(MHD_Response* response) const noexcept { MHD_destroy_response(response); }
};
using ResponseHandle = std::unique_ptr<MHD_Response, ResponseFree>;

struct DaemonStop {
  void operator()(MHD_Daemon* daemon) const noexcept { MHD_stop_daemon(daemon); }
};

// What one request gathers until it is complete.
struct Pending {
  ServedRequest request;
  bool too_large = false;
};

MHD_Result add_header(void* user, MHD_ValueKind, const char* name, const char* value) {
  auto& headers = *static_cast<std::vector<HttpHeader>*>(user);
  headers.push_back({name, value == nullptr ? "" : value});
  return MHD_YES;
}

MHD_Result add_query(void* user, MHD_ValueKind, const char* name, const char* value) {
  auto& query = *static_cast<std::multimap<std::string, std::string>*>(user);
  query.emplace(name, value == nullptr ? "" : value);
  return MHD_YES;
}

std::string peer_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info == nullptr || info->client_addr == nullptr) return "";
  char text[INET6_ADDRSTRLEN] = {};
  if (info->client_addr->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, info->client_addr, sizeof v4);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (info->client_addr->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, info->client_addr, sizeof v6);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return text;
}

using Stream = std::function<size_t(char*, size_t)>;

ssize_t pull_stream(void* user, uint64_t, char* buffer, size_t capacity) {
  const size_t got = (*static_cast<Stream*>(user))(buffer, capacity);
  return got == 0 ? ssize_t{MHD_CONTENT_READER_END_OF_STREAM} : static_cast<ssize_t>(got);
}
void free_stream(void* user) { delete static_cast<Stream*>(user); }

ResponseHandle make_response(ServedResponse& served) {
  if (served.stream) {
    // libmicrohttpd owns it from here and gives it back to free_stream.
    auto stream = std::make_unique<Stream>(std::move(served.stream));
    return ResponseHandle(MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, 64 << 10, pull_stream, stream.release(), free_stream));
  }
  if (served.file.valid()) {
    return ResponseHandle(MHD_create_response_from_fd_at_offset64(
        served.file_size, served.file.release(), served.file_offset));
  }
  return ResponseHandle(MHD_create_response_from_buffer(
      served.body.size(), served.body.data(), MHD_RESPMEM_MUST_COPY));
}

MHD_Result queue(MHD_Connection* connection, ServedResponse served) {
  const ResponseHandle response = make_response(served);
  if (response == nullptr) return MHD_NO;
  for (const HttpHeader& header : served.headers) {
    MHD_add_response_header(response.get(), header.name.c_str(), header.value.c_str());
  }
  return MHD_queue_response(connection, static_cast<unsigned>(served.status), response.get());
}

}  // namespace

const std::string* ServedRequest::header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (header.name.size() == name.size() &&
        ::strncasecmp(header.name.data(), name.data(), name.size()) == 0) {
      return &header.value;
    }
  }
  return nullptr;
}

struct HttpServer::State {
  HttpHandler handler;
  uint64_t max_body_bytes = 0;
  uint16_t port = 0;
  std::string tls_certificate;
  std::string tls_key;
  std::unique_ptr<RequestWatch> watch;
  std::atomic<uint64_t> connections{0};
  std::unique_ptr<MHD_Daemon, DaemonStop> daemon;  // last: its threads use the rest

  static MHD_Result on_request(void* user, MHD_Connection* connection, const char* url,
                               const char* method, const char*, const char* data, size_t* size,
                               void** slot) {
    auto& state = *static_cast<State*>(user);
    if (*slot == nullptr) {
      auto pending = std::make_unique<Pending>();
      pending->request.method = method;
      pending->request.path = url;
      pending->request.peer = peer_of(connection);
      MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header,
                                &pending->request.headers);
      MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query,
                                &pending->request.query);
      *slot = pending.release();  // freed in on_completed
      return MHD_YES;
    }
    auto& pending = *static_cast<Pending*>(*slot);
    if (*size > 0) {
      pending.too_large |= pending.request.body.size() + *size > state.max_body_bytes;
      if (!pending.too_large) pending.request.body.append(data, *size);
      *size = 0;
      return MHD_YES;
    }
    state.turned(connection);
    if (pending.too_large) {
      ServedResponse refused;
      refused.status = 413;
      refused.body = "request too large\n";
      return queue(connection, std::move(refused));
    }
    return queue(connection, state.handler(pending.request));
  }

  static void on_completed(void* user, MHD_Connection* connection, void** slot,
                           MHD_RequestTerminationCode) {
    delete static_cast<Pending*>(*slot);
    *slot = nullptr;
    static_cast<State*>(user)->turned(connection);
  }

  static void on_connection(void* user, MHD_Connection* connection, void** slot,
                            MHD_ConnectionNotificationCode code) {
    auto& state = *static_cast<State*>(user);
    if (!state.watch) return;
    auto* number = static_cast<uint64_t*>(*slot);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
      const MHD_ConnectionInfo* info =
          MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
      auto fresh = std::make_unique<uint64_t>(++state.connections);
      if (info != nullptr) state.watch->opened(*fresh, info->connect_fd);
      *slot = fresh.release();  // freed below
    } else if (number != nullptr) {
      state.watch->closed(*number);
      delete number;
      *slot = nullptr;
    }
  }

  void turned(MHD_Connection* connection) {
    if (!watch) return;
    const MHD_ConnectionInfo* info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (info == nullptr || info->socket_context == nullptr) return;
    watch->turned(*static_cast<const uint64_t*>(info->socket_context));
  }
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() = default;
uint16_t HttpServer::port() const { return state_->port; }

Result<HttpServer> HttpServer::start(const HttpServerOptions& options, HttpHandler handler) {
  io::Fd socket = TRY(listen_tcp(options.address, options.port));
  auto state = std::make_unique<State>();
  state->handler = std::move(handler);
  state->max_body_bytes = options.max_body_bytes;
  state->port = bound_port(socket.get());
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD;
  std::vector<MHD_OptionItem> items = {
      {MHD_OPTION_LISTEN_SOCKET, socket.get(), nullptr},
      {MHD_OPTION_CONNECTION_LIMIT, static_cast<intptr_t>(options.max_connections), nullptr},
      {MHD_OPTION_CONNECTION_TIMEOUT, static_cast<intptr_t>(options.idle_seconds), nullptr}};
  if (options.threads > 1) {
    items.push_back(
        {MHD_OPTION_THREAD_POOL_SIZE, static_cast<intptr_t>(options.threads), nullptr});
  }
  if (options.max_connections_per_address > 0) {
    items.push_back({MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                     static_cast<intptr_t>(options.max_connections_per_address), nullptr});
  }
  if (!options.tls_key.empty()) {
    flags |= MHD_USE_TLS;
    state->tls_certificate = options.tls_certificate;
    state->tls_key = options.tls_key;
    // The library reads them, whatever the type of its option says.
    static char versions[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    items.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, state->tls_certificate.data()});
    items.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, state->tls_key.data()});
    items.push_back({MHD_OPTION_HTTPS_PRIORITIES, 0, versions});
  } else {
    flags |= MHD_USE_ERROR_LOG;  // over TLS it tells of every stranger's failed handshake
  }
  if (options.request_seconds > 0) {
    state->watch =
        std::make_unique<RequestWatch>(std::chrono::seconds(options.request_seconds));
  }
  items.push_back({MHD_OPTION_END, 0, nullptr});
  MHD_Daemon* daemon =
      MHD_start_daemon(flags, 0, nullptr, nullptr, State::on_request, state.get(),
                       MHD_OPTION_NOTIFY_COMPLETED, State::on_completed, state.get(),
                       MHD_OPTION_NOTIFY_CONNECTION, State::on_connection, state.get(),
                       MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
  if (daemon == nullptr) return internal("the HTTP server did not start");
  socket.release();  // closed by the daemon
  state->daemon.reset(daemon);
  return HttpServer(std::move(state));
}

}  // namespace farm::net
