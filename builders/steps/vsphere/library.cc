#include "builders/steps/vsphere/library.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "common/io/files.h"
#include "common/net/http/client.h"

namespace farm::builders::vsphere {
namespace {

using nlohmann::json;

std::string rest_endpoint(const std::string& server) {
  std::string endpoint = server.find("://") == std::string::npos ? "https://" + server : server;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint + "/rest";
}

// The texts of an error answer, most telling first.
std::string error_text(const json& answer) {
  std::vector<std::string> texts;
  const json* messages = nullptr;
  if (answer.is_object() && answer.contains("value") && answer["value"].is_object() &&
      answer["value"].contains("messages")) {
    messages = &answer["value"]["messages"];
  }
  if (messages != nullptr && messages->is_array()) {
    for (const json& message : *messages) {
      texts.push_back(message.value("default_message", std::string()));
    }
  }
  if (texts.empty() && answer.is_object() && answer.contains("type") && answer["type"].is_string()) {
    texts.push_back(answer["type"].get<std::string>());
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

ErrorCode code_of_status(int status) {
  switch (status) {
    case 400: return ErrorCode::InvalidInput;
    case 401:
    case 403: return ErrorCode::Denied;
    case 404: return ErrorCode::NotFound;
    case 504: return ErrorCode::Timeout;
    default: return ErrorCode::Unavailable;
  }
}

void put_if(json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

}  // namespace

struct ContentLibrary::State {
  ConnectOptions options;
  std::string base;
  std::string token;
  net::HttpClient http;

  Result<json> send(const std::string& method, const std::string& path, const json* body,
                    const CancelToken& cancel) {
    net::HttpRequest request;
    request.method = method;
    request.url = base + path;
    request.verify_tls = !options.insecure;
    request.deadline = std::chrono::hours(12);  // an OVF item is made before the answer comes
    request.stall_timeout = Duration(0);
    if (token.empty()) {
      request.user = options.username;
      request.password = options.password;
      request.headers.push_back({"vmware-use-header-authn", "true"});
    } else {
      request.headers.push_back({"vmware-api-session-id", token});
    }
    if (body != nullptr) {
      request.headers.push_back({"Content-Type", "application/json"});
      request.body = body->dump();
    }
    const net::HttpResponse response = TRY(http.send(request, cancel));
    json answer = json::parse(response.body, nullptr, false);
    if (response.success()) return answer.is_discarded() ? json(nullptr) : answer;
    if (response.status == 401 && !token.empty()) {  // the session ran out: once more
      token.clear();
      TRY(login(cancel));
      return send(method, path, body, cancel);
    }
    return Error{code_of_status(response.status),
                 fmt::format("{} {}: HTTP status {}{}{}", method, path, response.status,
                             answer.is_discarded() ? "" : ": ",
                             answer.is_discarded() ? "" : error_text(answer)),
                 response.status == 503};
  }

  Result<void> login(const CancelToken& cancel) {
    const json answer = TRY(send("POST", "/com/vmware/cis/session", nullptr, cancel));
    if (!answer.is_object() || !answer.contains("value") || !answer["value"].is_string()) {
      return corrupt("the server gave no REST session");
    }
    token = answer["value"].get<std::string>();
    return {};
  }

  Result<std::vector<std::string>> texts(const std::string& method, const std::string& path,
                                         const json* body, const CancelToken& cancel) {
    const json answer = TRY(send(method, path, body, cancel));
    std::vector<std::string> list;
    if (!answer.is_object() || !answer.contains("value") || !answer["value"].is_array()) return list;
    for (const json& one : answer["value"]) {
      if (one.is_string()) list.push_back(one.get<std::string>());
    }
    return list;
  }
};

ContentLibrary::ContentLibrary(std::unique_ptr<State> state) : state_(std::move(state)) {}
ContentLibrary::ContentLibrary(ContentLibrary&&) noexcept = default;

ContentLibrary::~ContentLibrary() {
  if (!state_ || state_->token.empty()) return;
  const CancelToken never;
  (void)state_->send("DELETE", "/com/vmware/cis/session", nullptr, never);
}

Result<ContentLibrary> ContentLibrary::open(const ConnectOptions& options,
                                            const CancelToken& cancel) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->base = rest_endpoint(options.server);
  const Result<void> logged_in = state->login(cancel);
  if (!logged_in) {
    return logged_in.error().within("log in to the content library service as " +
                                    options.username);
  }
  return ContentLibrary(std::move(state));
}

Result<Library> ContentLibrary::library(const std::string& name, const CancelToken& cancel) {
  const std::vector<std::string> ids =
      TRY(state_->texts("GET", "/com/vmware/content/library", nullptr, cancel));
  std::vector<std::string> names;
  for (const std::string& id : ids) {
    const json answer =
        TRY(state_->send("GET", "/com/vmware/content/library/id:" + id, nullptr, cancel));
    const json value = answer.is_object() ? answer.value("value", json::object()) : json::object();
    names.push_back(value.value("name", std::string()));
    if (names.back() == name) return Library{id, name, value.value("type", std::string())};
  }
  return not_found(fmt::format("content library '{}' not found; there are: {}", name,
                               fmt::join(names, ", ")));
}

Result<std::optional<std::string>> ContentLibrary::item(const std::string& library_id,
                                                        const std::string& name,
                                                        const CancelToken& cancel) {
  const json body = {{"spec", {{"library_id", library_id}, {"name", name}}}};
  const std::vector<std::string> ids = TRY(
      state_->texts("POST", "/com/vmware/content/library/item?~action=find", &body, cancel));
  if (ids.empty()) return std::optional<std::string>();
  return std::optional(ids.front());
}

Result<std::string> ContentLibrary::file_path(const std::string& item_id, const std::string& file,
                                              const CancelToken& cancel) {
  const json answer = TRY(state_->send(
      "GET", "/com/vmware/content/library/item/storage?library_item_id=" + item_id, nullptr,
      cancel));
  const json value = answer.is_object() ? answer.value("value", json::array()) : json::array();
  for (const json& one : value) {
    const std::string name = one.value("name", std::string());
    if (name != file && io::base_name(name) != file) continue;
    for (const json& uri : one.value("storage_uris", json::array())) {
      if (uri.is_string()) return uri.get<std::string>();
    }
  }
  return std::string();
}

Result<void> ContentLibrary::create_ovf(const OvfItem& item, const CancelToken& cancel) {
  json body = {{"create_spec", {{"name", item.name}, {"description", item.description}}},
               {"source", {{"type", "VirtualMachine"}, {"id", item.machine_id}}},
               {"target", {{"library_id", item.library_id}}}};
  if (!item.flags.empty()) body["create_spec"]["flags"] = item.flags;
  put_if(body["target"], "library_item_id", item.existing_item_id);
  const json answer =
      TRY(state_->send("POST", "/com/vmware/vcenter/ovf/library-item", &body, cancel));
  const json value = answer.is_object() ? answer.value("value", json::object()) : json::object();
  if (value.value("succeeded", true)) return {};
  std::vector<std::string> texts;
  if (value.contains("error") && value["error"].is_object()) {
    for (const json& one : value["error"].value("errors", json::array())) {
      if (one.contains("message") && one["message"].is_object()) {
        texts.push_back(one["message"].value("default_message", std::string()));
      }
    }
  }
  return unavailable(fmt::format("the OVF item was not made: {}", fmt::join(texts, "; ")));
}

Result<void> ContentLibrary::create_template(const TemplateItem& item, const CancelToken& cancel) {
  json spec = {{"source_vm", item.machine_id}, {"name", item.name}, {"library", item.library_id},
               {"description", item.description}};
  json placement = json::object();
  put_if(placement, "cluster", item.cluster_id);
  put_if(placement, "folder", item.folder_id);
  put_if(placement, "host", item.host_id);
  put_if(placement, "resource_pool", item.pool_id);
  if (!placement.empty()) spec["placement"] = placement;
  if (!item.datastore_id.empty()) {
    spec["vm_home_storage"] = {{"datastore", item.datastore_id}};
    spec["disk_storage"] = {{"datastore", item.datastore_id}};
  }
  const json body = {{"spec", spec}};
  const json answer = TRY(state_->send("POST", "/vcenter/vm-template/library-items", &body, cancel));
  (void)answer;
  return {};
}

}  // namespace farm::builders::vsphere
