// Data source http: one request, its body and headers.
#include "builders/core/data_source.h"
#include "common/net/http/client.h"
#include "common/template/functions/text.h"

namespace farm::builders::data_source_http {
namespace {

using value::Value;

std::string text(const Value& config, const char* name) {
  const Value* v = config.get(name);
  return v == nullptr || v->is_null() ? std::string() : v->as_string();
}

/// "content-type" as "Content-Type": the spelling that templates look a header up by.
std::string canonical(std::string name) {
  bool first = true;
  for (char& c : name) {
    if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (!first && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    first = c == '-';
  }
  return name;
}

Value headers_of(const net::HttpResponse& response) {
  std::map<std::string, std::string> joined;
  for (const net::HttpHeader& header : response.headers) {
    std::string& all = joined[canonical(header.name)];
    all += (all.empty() ? "" : ", ") + header.value;
  }
  Value::Map map;
  for (const auto& [name, value] : joined) map.emplace(name, Value::string(value));
  return Value::map(value::Type::string(), std::move(map));
}

class Http final : public DataSource {
 public:
  Result<Value> ask(const Value& config, const DataSourceContext& context) override {
    net::HttpRequest request;
    request.url = text(config, "url");
    const std::string method = text(config, "method");
    if (!method.empty()) request.method = method;
    request.body = text(config, "request_body");
    const Value* headers = config.get("request_headers");
    if (headers != nullptr && !headers->is_null()) {
      for (const auto& [name, v] : headers->entries()) {
        if (!v.is_null()) request.headers.push_back({name, v.as_string()});
      }
    }
    if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
      return invalid_input("the `url` must begin with http:// or https://, not \"" + request.url +
                           "\"");
    }
    net::HttpClient client;
    net::HttpResponse response = TRY(client.send(request, context.cancel));
    if (!response.success()) {
      return unavailable("HTTP request error. Response code: " + std::to_string(response.status));
    }
    if (!functions::is_utf8(response.body)) {
      return invalid_input("the response of " + request.url + " is not UTF-8 text");
    }
    return Value::object({{"url", Value::string(request.url)},
                          {"body", Value::string(std::move(response.body))},
                          {"request_headers", headers_of(response)}});
  }
};

}  // namespace

void register_component(DataSourceRegistry& registry) {
  registry.add("http", [] { return std::make_unique<Http>(); });
}

}  // namespace farm::builders::data_source_http
