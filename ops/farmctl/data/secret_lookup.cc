#include "ops/farmctl/data/secret_lookup.h"

#include "common/base/clock.h"
#include "common/net/http/client.h"
#include "common/template/functions/json_reader.h"
#include "ops/farmctl/data/aws_signature.h"

namespace farm::farmctl {
namespace {

using value::Kind;
using value::Value;

constexpr Duration kDeadline = std::chrono::seconds(30);

struct Asking {
  const Environment& environment;
  const CancelToken& cancel;

  Result<net::HttpResponse> send(net::HttpRequest request, const std::string& store) const {
    request.deadline = kDeadline;
    net::HttpClient client;
    Result<net::HttpResponse> response = client.send(request, cancel);
    if (!response) return std::move(response).error().within("ask " + store);
    if (!response->success() && response->status != 404) {
      return unavailable(store + " answered " + std::to_string(response->status) + " to " +
                         request.url);
    }
    return response;
  }
};

bool is_object(const Value* v) {
  return v != nullptr && !v->is_null() && v->type().kind() == Kind::Object;
}

// A value of a secret as text: what is no string as JSON.
Result<std::string> text_of(const Value& v) {
  if (!v.is_null() && v.type().kind() == Kind::String) return v.as_string();
  return value::to_json(v);
}

Result<std::string> ask_vault(const std::vector<std::string>& arguments, const Asking& asking) {
  const std::string& path = arguments.at(0);
  const std::string& key = arguments.at(1);
  const Environment& environment = asking.environment;
  const std::string token = environment.get_or("VAULT_TOKEN", "");
  if (token.empty()) return invalid_input("VAULT_TOKEN must be set to use the vault function");
  net::HttpRequest request;
  request.url = environment.get_or("VAULT_ADDR", "https://127.0.0.1:8200");
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += "/v1/" + path;
  request.headers = {{"X-Vault-Token", token}, {"X-Vault-Request", "true"}};
  if (const auto space = environment.get("VAULT_NAMESPACE"); space && !space->empty()) {
    request.headers.push_back({"X-Vault-Namespace", *space});
  }
  request.ca_file = environment.get_or("VAULT_CACERT", "");
  const std::string skip = environment.get_or("VAULT_SKIP_VERIFY", "");
  request.verify_tls = skip != "1" && skip != "true";
  const net::HttpResponse response = TRY(asking.send(std::move(request), "Vault"));
  if (response.status == 404) return not_found("Vault has no secret at the path \"" + path + "\"");
  const Value answer = TRY(functions::read_json(response.body));
  const Value* data = is_object(&answer) ? answer.get("data") : nullptr;
  // The second version of the key-value store wraps the data once more.
  if (is_object(data) && is_object(data->get("data"))) data = data->get("data");
  if (!is_object(data)) return not_found("Vault data was empty at the path \"" + path + "\"");
  const Value* found = data->get(key);
  if (found == nullptr) {
    return not_found("Vault path \"" + path + "\" does not contain the key \"" + key + "\"");
  }
  return text_of(*found);
}

Result<std::string> ask_consul(const std::vector<std::string>& arguments, const Asking& asking) {
  const Environment& environment = asking.environment;
  std::string address = environment.get_or("CONSUL_HTTP_ADDR", "127.0.0.1:8500");
  const std::string tls = environment.get_or("CONSUL_HTTP_SSL", "");
  if (address.find("://") == std::string::npos) {
    address = (tls == "1" || tls == "true" ? "https://" : "http://") + address;
  }
  net::HttpRequest request;
  request.url = address + "/v1/kv/" + arguments.at(0) + "?raw";
  request.ca_file = environment.get_or("CONSUL_CACERT", "");
  if (const auto token = environment.get("CONSUL_HTTP_TOKEN"); token && !token->empty()) {
    request.headers.push_back({"X-Consul-Token", *token});
  }
  const net::HttpResponse response = TRY(asking.send(std::move(request), "Consul"));
  if (response.status == 404) {
    return not_found("Consul has no value at the path \"" + arguments.at(0) + "\"");
  }
  return response.body;
}

Result<std::string> aws_secret_text(const std::string& name, const Asking& asking) {
  const Environment& environment = asking.environment;
  AwsIdentity identity;
  identity.key_id = environment.get_or("AWS_ACCESS_KEY_ID", "");
  identity.key = Secret(environment.get_or("AWS_SECRET_ACCESS_KEY", ""));
  identity.session_token = environment.get_or("AWS_SESSION_TOKEN", "");
  identity.region = environment.get_or("AWS_REGION", environment.get_or("AWS_DEFAULT_REGION", ""));
  if (identity.key_id.empty() || identity.key.empty() || identity.region.empty()) {
    return invalid_input(
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION must be set to use the AWS Secrets "
        "Manager functions");
  }
  net::HttpRequest request;
  request.method = "POST";
  request.url = environment.get_or(
      "AWS_ENDPOINT_URL_SECRETS_MANAGER",
      environment.get_or("AWS_ENDPOINT_URL",
                         "https://secretsmanager." + identity.region + ".amazonaws.com"));
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += "/";
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", "secretsmanager.GetSecretValue"}};
  request.body = TRY(value::to_json(Value::object({{"SecretId", Value::string(name)}})));
  sign_for_aws(request, identity, "secretsmanager", SystemClock().wall());
  const net::HttpResponse response = TRY(asking.send(std::move(request), "AWS Secrets Manager"));
  const Value answer = TRY(functions::read_json(response.body));
  const Value* text = is_object(&answer) ? answer.get("SecretString") : nullptr;
  if (text == nullptr || text->is_null() || text->type().kind() != Kind::String) {
    return not_found("AWS Secrets Manager has no text in the secret \"" + name + "\"");
  }
  return text->as_string();
}

Result<std::string> ask_aws(const std::vector<std::string>& arguments, const Asking& asking) {
  const std::string text = TRY(aws_secret_text(arguments.at(0), asking));
  const std::string& key = arguments.at(1);
  const Result<Value> content = functions::read_json(text);
  if (!content || !is_object(&*content)) {
    return invalid_input("the secret \"" + arguments.at(0) +
                         "\" is no JSON object; aws_secretsmanager_raw() gives its text");
  }
  // Without a key the only one is meant.
  const bool only = key.empty() && content->size() == 1;
  const Value* found = only ? &content->entries().begin()->second : content->get(key);
  if (found == nullptr) {
    return not_found("the secret \"" + arguments.at(0) + "\" does not contain the key \"" + key +
                     "\"");
  }
  return text_of(*found);
}

}  // namespace

Result<std::string> look_up_secret(const std::string& kind,
                                   const std::vector<std::string>& arguments,
                                   const Environment& environment, const CancelToken& cancel) {
  const Asking asking{environment, cancel};
  const size_t wanted = kind == "vault" || kind == "aws_secretsmanager" ? 2 : 1;
  if (arguments.size() < wanted) return invalid_input(kind + ": not enough arguments");
  if (kind == "vault") return ask_vault(arguments, asking);
  if (kind == "consul_key") return ask_consul(arguments, asking);
  if (kind == "aws_secretsmanager") return ask_aws(arguments, asking);
  if (kind == "aws_secretsmanager_raw") return aws_secret_text(arguments[0], asking);
  return invalid_input("there is no secret store " + kind);
}

}  // namespace farm::farmctl
