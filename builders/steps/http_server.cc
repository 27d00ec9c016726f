#include "builders/steps/http_server.h"

#include <arpa/inet.h>
#include <cstring>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>

#include "common/net/http/static_files.h"

namespace farm::builders::steps {
namespace {

struct InterfacesFree {
  void operator()(ifaddrs* list) const noexcept { ::freeifaddrs(list); }
};

Result<std::string> address_of(const HttpOptions& options, const std::string& other) {
  if (!options.interface.empty()) return interface_address(options.interface);
  if (options.bind_address.empty()) return other;
  const bool any = options.bind_address == "0.0.0.0";
  return any && options.network_protocol == "tcp6" ? std::string("::") : options.bind_address;
}

}  // namespace

Result<std::string> interface_address(const std::string& interface) {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return system_error("list network interfaces", errno);
  const std::unique_ptr<ifaddrs, InterfacesFree> list(raw);
  for (const ifaddrs* one = raw; one != nullptr; one = one->ifa_next) {
    if (interface != one->ifa_name || one->ifa_addr == nullptr) continue;
    if (one->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_in v4{};
    std::memcpy(&v4, one->ifa_addr, sizeof v4);
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(static_cast<const char*>(text));
  }
  return not_found(fmt::format("network interface \"{}\" has no IPv4 address", interface));
}

void set_http_values(BuildContext& context) {
  if (context.http_port == 0) return;
  const std::string port = fmt::format("{}", context.http_port);
  context.generated["PackerHTTPIP"] = value::Value::string(context.http_ip);
  context.generated["PackerHTTPPort"] = value::Value::string(port);
  context.generated["PackerHTTPAddr"] = value::Value::string(context.http_ip + ":" + port);
}

Result<void> StartHttpServer::run(BuildContext& context) {
  if (!options_.wanted()) return {};
  net::HttpServerOptions server;
  server.address = TRY(address_of(options_, default_address_));
  net::HttpHandler handler;
  if (!options_.directory.empty()) {
    const std::string root = resolve_path(context, options_.directory);
    handler = [root](net::ServedRequest& request) { return net::serve_directory(root, request); };
  } else {
    handler = [content = options_.content](net::ServedRequest& request) {
      return net::serve_content(content, request);
    };
  }
  Ui* const ui = &context.ui;
  handler = [ui, inner = std::move(handler)](net::ServedRequest& request) {
    net::ServedResponse response = inner(request);
    const uint64_t size = response.file.valid() ? response.file_size : response.body.size();
    ui->message(fmt::format("HTTP: {} {} {} ({} bytes) for {}", request.method, request.path,
                            response.status, size, request.peer));
    return response;
  };
  port_ = TRY(PortReservation::take(options_.port_min, options_.port_max, server.address,
                                    context.cache_directory, context.random));
  server.port = port_->port();
  server_ = TRY(net::HttpServer::start(server, std::move(handler)));
  context.http_port = server_->port();
  context.ui.say(fmt::format("Starting HTTP server on port {}", context.http_port));
  set_http_values(context);
  return {};
}

Result<void> StartHttpServer::cleanup(BuildContext&) {
  server_.reset();
  port_.reset();
  return {};
}

}  // namespace farm::builders::steps
