// WsmanClient: WS-Management requests (DMTF DSP0226, MS-WSMV) over HTTP: one SOAP envelope out, one
// back. Knows nothing of shells. Thread: the build's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "builders/communicators/communicator_options.h"
#include "common/base/cancel.h"
#include "common/base/random.h"
#include "common/net/http/client.h"

namespace pugi {
class xml_document;
class xml_node;
}  // namespace pugi

namespace farm::builders::winrm {

struct WsmanRequest {
  std::string action;   // last word of the action URI is enough for messages
  std::string shell_id;  // selector; empty: none
  std::vector<std::pair<std::string, std::string>> options;
  std::string body;     // inner XML of env:Body
  Duration limit{0};    // for the whole exchange; 0: the operation's time and some
  /// How long the server may hold the operation; 0: see set_operation_timeout().
  Duration operation_timeout{0};
};

/// WSManFault codes that callers tell apart (MS-WSMV, winerror.h).
namespace wsman_fault {
inline constexpr uint64_t kOperationTimeout = 2150858793;  // 0x80338029: ask again
inline constexpr uint64_t kShellNotFound = 2150858843;     // 0x8033805B: expired, or a restart
inline constexpr uint64_t kOperationAborted = 995;         // ERROR_OPERATION_ABORTED
}  // namespace wsman_fault

/// An answer: the body of a good one, or the fault of the other kind.
class WsmanAnswer {
 public:
  WsmanAnswer();
  WsmanAnswer(WsmanAnswer&&) noexcept;
  WsmanAnswer& operator=(WsmanAnswer&&) noexcept;
  ~WsmanAnswer();

  /// Of an HTTP answer. Unavailable: no SOAP envelope, or no good one and no fault.
  static Result<WsmanAnswer> parse(int status, std::string_view text);
  bool faulted() const { return fault_.has_value(); }
  uint64_t fault_code() const { return fault_ ? fault_->first : 0; }
  /// "CODE: message" as an error; only if faulted().
  Error fault() const;
  /// env:Body; element names are matched without their prefixes.
  pugi::xml_node body() const;

 private:
  std::unique_ptr<pugi::xml_document> document_;
  std::optional<std::pair<uint64_t, std::string>> fault_;
};

class WsmanClient {
 public:
  WsmanClient(WinRmOptions options, const std::string& host, uint16_t port);
  /// Unavailable: no answer, or none that is SOAP (retryable); Denied: login refused or certificate
  /// not trusted; Timeout. A fault is an answer.
  Result<WsmanAnswer> send(const WsmanRequest& request, const CancelToken& cancel);

  const std::string& url() const { return url_; }
  /// How long the server may hold an operation before it answers with kOperationTimeout.
  void set_operation_timeout(Duration timeout) { operation_timeout_ = timeout; }

 private:
  std::string envelope(const WsmanRequest& request);

  WinRmOptions options_;
  std::string url_;
  Duration operation_timeout_ = std::chrono::seconds(60);
  net::HttpClient http_;
  SystemRandom random_;
};

/// First child element of that name in any namespace.
pugi::xml_node child_named(const pugi::xml_node& parent, std::string_view name);
std::string xml_escape(std::string_view text);

}  // namespace farm::builders::winrm
