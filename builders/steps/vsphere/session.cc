#include "builders/steps/vsphere/session.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "common/base/scope_guard.h"

namespace farm::builders::vsphere {
namespace {

constexpr auto kKeepAliveDeadline = std::chrono::seconds(30);
constexpr auto kLogoutDeadline = std::chrono::seconds(10);
constexpr const char* kApiVersion = "urn:vim25/8.0.3.0";

std::string envelope(const Reference& self, std::string_view method, const Members& members) {
  XmlWriter body;
  body.reference("_this", self);
  if (members) members(body);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\""
      " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
      " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>"
      "<{0} xmlns=\"urn:vim25\">{1}</{0}></soapenv:Body></soapenv:Envelope>",
      method, body.str());
}

// "name=value" of the session cookie an answer sets; empty when it sets none.
std::string session_cookie(const net::HttpResponse& response) {
  for (const net::HttpHeader& header : response.headers) {
    const bool sets = header.name.size() == 10 &&
                      std::equal(header.name.begin(), header.name.end(), "set-cookie",
                                 [](char a, char b) { return (a | 0x20) == b || a == b; });
    if (!sets || !header.value.starts_with("vmware_soap_session=")) continue;
    return header.value.substr(0, header.value.find(';'));
  }
  return {};
}

// Questions, and keys that are typed: libcurl may send them again by itself when a connection that
// was kept turns out to be closed. Everything else changes something and goes over a connection of
// its own, so that it is never done twice behind our back.
bool repeatable(std::string_view method) {
  for (const char* prefix : {"Retrieve", "Continue", "Wait", "Find", "CreateFilter", "CreateContainerView",
                             "Destroy", "Search", "CurrentTime", "PutUsbScanCodes", "Log",
                             "HttpNfcLeaseProgress"}) {
    if (method.starts_with(prefix) && method != "Destroy_Task") return true;
  }
  return false;
}

struct FaultMeaning {
  const char* type;
  ErrorCode code;
  const char* advice;  // what to do about it; may be empty
};

constexpr std::array<FaultMeaning, 21> kFaults = {{
    {"InvalidLogin", ErrorCode::Denied, "the server refuses this user name and password"},
    {"NotAuthenticated", ErrorCode::Denied, "the session is not logged in"},
    {"NoPermission", ErrorCode::Denied, ""},
    {"RestrictedVersion", ErrorCode::Denied,
     "the licence of this host does not allow changes through its API (free ESXi)"},
    {"ManagedObjectNotFound", ErrorCode::NotFound, "the object does not exist any more"},
    {"FileNotFound", ErrorCode::NotFound, ""},
    {"NotFound", ErrorCode::NotFound, ""},
    {"DuplicateName", ErrorCode::Conflict, "the name is taken"},
    {"AlreadyExists", ErrorCode::Conflict, ""},
    {"FileAlreadyExists", ErrorCode::Conflict, ""},
    {"FileLocked", ErrorCode::Conflict, "another process uses the file"},
    {"TaskInProgress", ErrorCode::Conflict, "another task is changing the object"},
    {"InvalidPowerState", ErrorCode::Conflict, ""},
    {"InvalidState", ErrorCode::Conflict, ""},
    {"NoDiskSpace", ErrorCode::Unavailable, "the datastore is full"},
    {"InvalidDatastore", ErrorCode::NotFound, "the datastore cannot be used from there"},
    {"InsufficientHostCapacityFault", ErrorCode::Unavailable, "no host has room for the machine"},
    {"ToolsUnavailable", ErrorCode::Unavailable,
     "VMware Tools do not run in the guest; give a shutdown_command or install them"},
    {"NotSupported", ErrorCode::InvalidInput, "the server does not support this here"},
    {"Timedout", ErrorCode::Timeout, ""},
    {"RequestCanceled", ErrorCode::Cancelled, ""},
}};

}  // namespace

Error fault_error(const std::string& type, const XmlNode& detail, const std::string& text) {
  Error error{ErrorCode::Unavailable, type, false};
  const char* advice = "";
  for (const FaultMeaning& meaning : kFaults) {
    if (type != meaning.type) continue;
    error.code = meaning.code;
    advice = meaning.advice;
  }
  if (type.starts_with("Invalid") && error.code == ErrorCode::Unavailable) {
    error.code = ErrorCode::InvalidInput;
  }
  error.retryable = type == "TaskInProgress" || type == "ConcurrentAccess" || type == "HostCommunication";
  if (!text.empty() && text != type) error.message += ": " + text;
  if (*advice != '\0') error.message += fmt::format(" ({})", advice);
  // Members that say which argument, file, name or state is meant.
  for (const char* member : {"invalidProperty", "property", "name", "file", "deviceIndex",
                             "existingState", "requestedState", "datastore"}) {
    const std::string value = detail.text(member);
    if (!value.empty()) error.message += fmt::format(" [{}: {}]", member, value);
  }
  return error;
}

Result<std::unique_ptr<Session>> Session::open(ConnectOptions options, const CancelToken& cancel) {
  std::string endpoint = options.server;
  if (endpoint.find("://") == std::string::npos) endpoint = "https://" + endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  std::unique_ptr<Session> session(new Session(std::move(options), std::move(endpoint)));
  TRY(session->read_content(cancel));
  TRY(session->login(cancel));
  return session;
}

Result<void> Session::read_content(const CancelToken& cancel) {
  const Reference instance{"ServiceInstance", "ServiceInstance"};
  const Result<XmlNode> answer = exchange(instance, "RetrieveServiceContent", {}, cancel);
  if (!answer) return answer.error().within("connect to " + endpoint_);
  const XmlNode content = answer->child("returnval");
  const auto part = [&](const char* name) { return content.child(name).reference(); };
  content_ = {part("rootFolder"),   part("propertyCollector"), part("viewManager"),
              part("sessionManager"), part("searchIndex"),     part("fileManager"),
              part("ovfManager"),   part("taskManager"),       part("storageResourceManager"),
              content.text("about.fullName"), content.text("about.apiType") == "VirtualCenter"};
  if (content_.session_manager.empty() || content_.property_collector.empty()) {
    return corrupt(endpoint_ + " does not answer as a vCenter server or ESXi host does");
  }
  return {};
}

Result<void> Session::login(const CancelToken& cancel) {
  cookie_.clear();
  const Result<XmlNode> answer = exchange(
      content_.session_manager, "Login",
      [&](XmlWriter& out) {
        out.text("userName", options_.username);
        out.text("password", options_.password.reveal());
      },
      cancel);
  if (!answer) {
    return answer.error().within(fmt::format("log in to {} as {}", endpoint_, options_.username));
  }
  ++generation_;
  return {};
}

void Session::logout() {
  if (cookie_.empty()) return;
  const CancelToken never;
  deadline_ = kLogoutDeadline;
  (void)exchange(content_.session_manager, "Logout", {}, never);
  cookie_.clear();
}

Result<XmlNode> Session::exchange(const Reference& self, std::string_view method,
                                  const Members& members, const CancelToken& cancel) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = endpoint_ + "/sdk";
  request.headers = {{"Content-Type", "text/xml; charset=utf-8"},
                     {"SOAPAction", fmt::format("\"{}\"", kApiVersion)}};
  if (!cookie_.empty()) request.headers.push_back({"Cookie", cookie_});
  request.body = envelope(self, method, members);
  request.deadline = deadline_;
  request.stall_timeout = deadline_;  // WaitForUpdatesEx answers late on purpose
  request.verify_tls = !options_.insecure;
  expired_ = false;
  net::HttpClient once;
  net::HttpClient& client = repeatable(method) ? http_ : once;
  Result<net::HttpResponse> response = client.send(request, cancel);
  if (!response) {
    if (response.error().code == ErrorCode::Denied) {
      response.error().message +=
          "; the certificate of the server is not trusted: install its authority, or set "
          "insecure_connection = true";
    }
    return response.error().within(std::string(method));
  }
  if (std::string cookie = session_cookie(*response); !cookie.empty()) cookie_ = std::move(cookie);
  if (response->status == 503) {
    return unavailable(fmt::format("{}: the server is starting or overloaded (503)", method));
  }
  Result<XmlNode> document = XmlNode::parse(response->body);
  if (!document) {
    return unavailable(fmt::format("{}: HTTP status {} from {}, no SOAP answer", method,
                                   response->status, endpoint_));
  }
  const XmlNode body = document->child("Body");
  const XmlNode fault = body.child("Fault");
  if (!fault) {
    const std::vector<XmlNode> parts = body.children();
    if (parts.empty()) return corrupt(fmt::format("{}: an empty SOAP answer", method));
    return parts.front();
  }
  const std::vector<XmlNode> details = fault.child("detail").children();
  const XmlNode detail = details.empty() ? XmlNode() : details.front();
  std::string type = detail.type();
  if (type.empty()) {
    type = detail.name();
    if (type.ends_with("Fault")) type.resize(type.size() - 5);
  }
  expired_ = type == "NotAuthenticated";
  Error error = fault_error(type.empty() ? "server fault" : type, detail,
                            fault.text("faultstring"));
  return explain(std::move(error), detail, cancel).within(std::string(method));
}

// A missing privilege is only of use with the name of the object it is missing on.
Error Session::explain(Error error, const XmlNode& fault, const CancelToken& cancel) {
  const std::string privilege = fault.text("privilegeId");
  if (privilege.empty() || expired_) return error;
  const Reference object = fault.child("object").reference();
  std::string name = object.id;
  if (!explaining_ && !object.empty()) {
    explaining_ = true;
    const ScopeGuard done([this] { explaining_ = false; });
    std::string path;
    Reference at = object;
    for (int depth = 0; depth < 16 && !at.empty(); ++depth) {
      const Result<XmlNode> answer = exchange(
          content_.property_collector, "RetrievePropertiesEx",
          [&](XmlWriter& out) {
            out.element("specSet", [&] {
              out.element("propSet", [&] {
                out.text("type", "ManagedEntity");
                out.text("pathSet", "name");
                out.text("pathSet", "parent");
              });
              out.element("objectSet", [&] { out.reference("obj", at); });
            });
            out.element("options", [] {});
          },
          cancel);
      if (!answer) break;
      Reference parent;
      for (const XmlNode& property : answer->at("returnval.objects").children("propSet")) {
        if (property.text("name") == "name" && at != content_.root_folder) {
          path = "/" + property.text("val") + path;
        }
        if (property.text("name") == "parent") parent = property.child("val").reference();
      }
      at = parent;
    }
    if (!path.empty()) name = path;
  }
  error.code = ErrorCode::Denied;
  error.message = fmt::format(
      "the user {} lacks the privilege {} on {} {}; grant it there (with propagation to children)",
      options_.username, privilege, object.type, name);
  return error;
}

SessionKeeper::SessionKeeper(const Session& session, Duration pause)
    : thread_([stop = stop_, pause, endpoint = session.endpoint(), cookie = session.cookie(),
               verify = !session.options().insecure] {
        net::HttpClient http;
        net::HttpRequest request;
        request.method = "POST";
        request.url = endpoint + "/sdk";
        request.headers = {{"Content-Type", "text/xml; charset=utf-8"},
                           {"SOAPAction", fmt::format("\"{}\"", kApiVersion)},
                           {"Cookie", cookie}};
        request.body = envelope({"ServiceInstance", "ServiceInstance"}, "CurrentTime", {});
        request.deadline = kKeepAliveDeadline;
        request.verify_tls = verify;
        while (stop.sleep(pause)) (void)http.send(request, stop);
      }) {}

SessionKeeper::~SessionKeeper() {
  stop_.cancel();
  thread_.join();
}

Result<XmlNode> Session::call(const Reference& self, std::string_view method,
                              const Members& members, const CancelToken& cancel,
                              Renewal renewal) {
  Result<XmlNode> answer = exchange(self, method, members, cancel);
  if (answer || !expired_ || renewal == Renewal::Never) return answer;
  TRY(login(cancel));
  return exchange(self, method, members, cancel);
}

}  // namespace farm::builders::vsphere
