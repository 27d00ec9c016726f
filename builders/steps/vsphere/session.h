// Session: an authenticated conversation with one vCenter or ESXi host over SOAP. It logs in again
// by itself when the server has forgotten it, and logs out at the end. One thread owns it.
// SessionKeeper: a thread that keeps a session from running out while its owner does something else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "builders/steps/vsphere/connect_options.h"
#include "builders/steps/vsphere/xml.h"
#include "common/base/cancel.h"
#include "common/base/clock.h"
#include "common/net/http/client.h"

namespace farm::builders::vsphere {

/// The singletons of the server that the builders use.
struct ServiceContent {
  Reference root_folder;
  Reference property_collector;
  Reference view_manager;
  Reference session_manager;
  Reference search_index;
  Reference file_manager;
  Reference ovf_manager;
  Reference task_manager;
  Reference storage_resource_manager;
  std::string product;
  bool is_vcenter = false;
};

/// Writes the members of a call after _this.
using Members = std::function<void(XmlWriter&)>;

enum class Renewal { Automatic, Never };

class Session {
 public:
  /// Retrieves the service content and logs in. Denied: wrong name or password, or a certificate
  /// that is not trusted.
  static Result<std::unique_ptr<Session>> open(ConnectOptions options, const CancelToken& cancel);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { logout(); }

  /// The answer's returnval's parent: its children are the returnval elements. A session that ran
  /// out is renewed once and the call repeated. Errors name privilege and object where the server
  /// does. `cancel`: that of the step which calls.
  Result<XmlNode> call(const Reference& self, std::string_view method, const Members& members,
                       const CancelToken& cancel, Renewal renewal = Renewal::Automatic);
  Result<void> login(const CancelToken& cancel);
  /// Ends the session; failures do not matter to anybody.
  void logout();

  const ServiceContent& content() const { return content_; }
  const ConnectOptions& options() const { return options_; }
  /// Counts logins: filters and views of an older session are gone.
  int generation() const { return generation_; }
  /// "vmware_soap_session=..." for transfers outside SOAP.
  const std::string& cookie() const { return cookie_; }
  /// "https://host[:port]".
  const std::string& endpoint() const { return endpoint_; }
  net::HttpClient& http() { return http_; }

 private:
  Session(ConnectOptions options, std::string endpoint)
      : options_(std::move(options)), endpoint_(std::move(endpoint)) {}
  Result<XmlNode> exchange(const Reference& self, std::string_view method, const Members& members,
                           const CancelToken& cancel);
  Result<void> read_content(const CancelToken& cancel);
  Error explain(Error error, const XmlNode& fault, const CancelToken& cancel);

  ConnectOptions options_;
  std::string endpoint_;
  ServiceContent content_;
  net::HttpClient http_;
  std::string cookie_;
  int generation_ = 0;
  Duration deadline_ = std::chrono::minutes(5);  // of one exchange
  bool explaining_ = false;
  bool expired_ = false;  // the last exchange failed for want of a session
};

/// Asks the server for the time now and then, with the session's cookie as it was at the start, over
/// a connection of its own. Failures do not matter: the session renews itself when it must.
class SessionKeeper {
 public:
  explicit SessionKeeper(const Session& session, Duration pause = std::chrono::minutes(10));
  SessionKeeper(const SessionKeeper&) = delete;
  SessionKeeper& operator=(const SessionKeeper&) = delete;
  ~SessionKeeper();

 private:
  CancelToken stop_;
  std::thread thread_;  // last: it uses the token
};

/// What a fault (of SOAP or of a task) means: `type` is its kind ("NoPermission"), `detail` its
/// members, `text` what the server says about it.
Error fault_error(const std::string& type, const XmlNode& detail, const std::string& text);

}  // namespace farm::builders::vsphere
