// StartHttpServer: serves http_directory or http_content to the guest while the build runs, says
// each request in the build's log (from the server's thread) and puts the port into the context.
#pragma once

#include <optional>
#include <string>

#include "builders/core/step.h"
#include "builders/steps/http_options.h"
#include "builders/steps/port_range.h"
#include "common/net/http/server.h"

namespace farm::builders::steps {

class StartHttpServer final : public Step {
 public:
  /// `default_address` is where to listen when the template names no address: platforms whose
  /// guests come in over loopback (qemu's user network) pass 127.0.0.1 and stay off the network.
  StartHttpServer(HttpOptions options, std::string default_address)
      : options_(std::move(options)), default_address_(std::move(default_address)) {}
  std::string_view name() const override { return "http_server"; }
  Result<void> run(BuildContext& context) override;
  Result<void> cleanup(BuildContext& context) override;

 private:
  HttpOptions options_;
  std::string default_address_;
  std::optional<PortReservation> port_;
  std::optional<net::HttpServer> server_;
};

/// First IPv4 address of a network interface. NotFound: no such interface or no address.
Result<std::string> interface_address(const std::string& interface);

/// PackerHTTPAddr, PackerHTTPIP and PackerHTTPPort of context.generated.
void set_http_values(BuildContext& context);

}  // namespace farm::builders::steps
