#include "builders/communicators/winrm/wsman.h"

#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace farm::builders::winrm {
namespace {

// On top of the operation's own time: for the way there and back.
constexpr auto kGrace = std::chrono::seconds(30);
// What any WinRM since 2.0 accepts and sends.
constexpr int kMaxEnvelopeSize = 153600;
constexpr const char* kShellResource = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd";

constexpr const char* kEnvelope =
    R"(<?xml version="1.0" encoding="UTF-8"?>)"
    R"(<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope")"
    R"( xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing")"
    R"( xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd")"
    R"( xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd")"
    R"( xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><env:Header>)"
    R"(<a:To>{to}</a:To>)"
    R"(<a:ReplyTo><a:Address env:mustUnderstand="true">)"
    R"(http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>)"
    R"(<w:ResourceURI env:mustUnderstand="true">{resource}</w:ResourceURI>)"
    R"(<a:Action env:mustUnderstand="true">{action}</a:Action>)"
    R"(<w:MaxEnvelopeSize env:mustUnderstand="true">{size}</w:MaxEnvelopeSize>)"
    R"(<a:MessageID>uuid:{id}</a:MessageID>)"
    R"(<w:Locale xml:lang="en-US" env:mustUnderstand="false"/>)"
    R"(<p:DataLocale xml:lang="en-US" env:mustUnderstand="false"/>)"
    R"(<w:OperationTimeout>PT{seconds:.3f}S</w:OperationTimeout>{selector}{options})"
    R"(</env:Header><env:Body>{body}</env:Body></env:Envelope>)";

std::string_view local_name(const char* qualified) {
  const char* colon = std::strchr(qualified, ':');
  return colon != nullptr ? colon + 1 : qualified;
}

// s:Fault/s:Detail/f:WSManFault Code= with its message; the SOAP reason where that is missing.
std::pair<uint64_t, std::string> read_fault(const pugi::xml_node& fault) {
  const pugi::xml_node reason = child_named(child_named(fault, "Reason"), "Text");
  std::string message = reason.text().get();
  const pugi::xml_node detail = child_named(child_named(fault, "Detail"), "WSManFault");
  uint64_t code = detail.attribute("Code").as_ullong();
  const pugi::xml_node inner = child_named(detail, "Message");
  std::string_view text = inner.text().get();
  const pugi::xml_node provider = child_named(child_named(inner, "ProviderFault"), "WSManFault");
  if (provider) text = child_named(provider, "Message").text().get();
  if (!text.empty()) message = text;
  // Servers that keep to DSP0226 alone name the fault by its subcode.
  const pugi::xml_node subcode =
      child_named(child_named(child_named(fault, "Code"), "Subcode"), "Value");
  const std::string_view name = local_name(subcode.text().get());
  if (code == 0 && name == "TimedOut") code = wsman_fault::kOperationTimeout;
  if (code == 0 && name == "InvalidSelectors") code = wsman_fault::kShellNotFound;
  if (message.empty()) message = name;
  while (!message.empty() && std::strchr(" \r\n", message.back()) != nullptr) message.pop_back();
  return {code, message};
}

}  // namespace

pugi::xml_node child_named(const pugi::xml_node& parent, std::string_view name) {
  for (const pugi::xml_node& child : parent.children()) {
    if (local_name(child.name()) == name) return child;
  }
  return {};
}

std::string xml_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      case '\r': out += "&#13;"; break;
      case '\n': out += "&#10;"; break;
      default: out += c;
    }
  }
  return out;
}

WsmanAnswer::WsmanAnswer() = default;
WsmanAnswer::WsmanAnswer(WsmanAnswer&&) noexcept = default;
WsmanAnswer& WsmanAnswer::operator=(WsmanAnswer&&) noexcept = default;
WsmanAnswer::~WsmanAnswer() = default;

Result<WsmanAnswer> WsmanAnswer::parse(int status, std::string_view text) {
  WsmanAnswer answer;
  answer.document_ = std::make_unique<pugi::xml_document>();
  const pugi::xml_parse_result parsed =
      answer.document_->load_buffer(text.data(), text.size());
  const bool soap = parsed && local_name(answer.document_->document_element().name()) == "Envelope";
  if (!soap) {
    return unavailable(fmt::format("WinRM answered with HTTP status {} and no SOAP envelope",
                                   status));
  }
  const pugi::xml_node fault = child_named(answer.body(), "Fault");
  if (fault) {
    answer.fault_ = read_fault(fault);
  } else if ((status < 200 || status > 299)) {
    return unavailable(fmt::format("WinRM answered with HTTP status {}", status));
  }
  return answer;
}

Error WsmanAnswer::fault() const {
  return unavailable(fmt::format("WinRM fault {}: {}", fault_->first, fault_->second));
}

pugi::xml_node WsmanAnswer::body() const {
  return child_named(document_->document_element(), "Body");
}

WsmanClient::WsmanClient(WinRmOptions options, const std::string& host, uint16_t port)
    : options_(std::move(options)),
      url_(fmt::format("{}://{}:{}/wsman", options_.use_ssl ? "https" : "http",
                       host.find(':') == std::string::npos ? host : "[" + host + "]", port)) {}

std::string WsmanClient::envelope(const WsmanRequest& request) {
  std::string selector;
  if (!request.shell_id.empty()) {
    selector = fmt::format(R"(<w:SelectorSet><w:Selector Name="ShellId">{}</w:Selector>)"
                           R"(</w:SelectorSet>)",
                           xml_escape(request.shell_id));
  }
  const Duration timeout =
      request.operation_timeout > Duration{0} ? request.operation_timeout : operation_timeout_;
  std::string options;
  for (const auto& [name, value] : request.options) {
    options += fmt::format(R"(<w:Option Name="{}">{}</w:Option>)", name, value);
  }
  if (!options.empty()) {
    options = R"(<w:OptionSet env:mustUnderstand="true">)" + options + "</w:OptionSet>";
  }
  return fmt::format(fmt::runtime(kEnvelope), fmt::arg("to", xml_escape(url_)),
                     fmt::arg("resource", kShellResource), fmt::arg("action", request.action),
                     fmt::arg("size", kMaxEnvelopeSize), fmt::arg("id", uuid_v4(random_)),
                     fmt::arg("seconds", std::chrono::duration<double>(timeout).count()),
                     fmt::arg("selector", selector), fmt::arg("options", options),
                     fmt::arg("body", request.body));
}

Result<WsmanAnswer> WsmanClient::send(const WsmanRequest& request, const CancelToken& cancel) {
  net::HttpRequest http;
  http.method = "POST";
  http.url = url_;
  http.headers = {{"Content-Type", "application/soap+xml;charset=UTF-8"}};
  http.body = envelope(request);
  http.deadline = request.limit > Duration{0} ? request.limit : operation_timeout_ + kGrace;
  http.stall_timeout = Duration{0};  // the server is silent while a command is
  http.max_redirects = 0;
  http.user = options_.username;
  http.password = options_.password;
  http.ntlm = options_.use_ntlm.value_or(false);
  http.no_proxy = options_.no_proxy;
  http.verify_tls = !options_.insecure;
  const net::HttpResponse response = TRY(http_.send(http, cancel));
  if (response.status == 401) {
    return denied(
        "WinRM login refused: check user name and password, and that the machine allows this kind "
        "of login (basic needs Auth/Basic; without winrm_use_ssl also AllowUnencrypted)");
  }
  return WsmanAnswer::parse(response.status, response.body);
}

}  // namespace farm::builders::winrm
