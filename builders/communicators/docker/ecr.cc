#include "builders/communicators/docker/ecr.h"

#include <ctime>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string_view>

#include "common/io/digests.h"
#include "common/io/files.h"
#include "common/net/http/client.h"

namespace farm::builders::docker {
namespace {

struct AwsKey {
  std::string id;
  Secret secret;
  Secret token;
};

// The service as requests name it.
struct Service {
  std::string name;    // of the signature
  std::string target;  // X-Amz-Target
  std::string region;
  std::string host;
  std::string body;
};

std::string hmac(std::string_view key, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(out.data()), &length);
  out.resize(length);
  return out;
}

std::string sha256(std::string_view text) {
  return io::digest_hex(io::DigestKind::Sha256, text);
}

std::string decoded_base64(const std::string& text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  const int length = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                       reinterpret_cast<const unsigned char*>(text.data()),
                                       static_cast<int>(text.size()));
  if (length < 0) return {};
  size_t size = static_cast<size_t>(length);
  for (size_t i = text.size(); i > 0 && text[i - 1] == '=' && size > 0; --i) --size;
  out.resize(size);
  return out;
}

// The section [profile] of a shared credentials file: key = value lines.
std::optional<AwsKey> key_of_profile(const std::string& text, const std::string& profile) {
  const auto trim = [](std::string_view part) {
    const size_t begin = part.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return std::string();
    return std::string(part.substr(begin, part.find_last_not_of(" \t\r") - begin + 1));
  };
  AwsKey key;
  bool inside = false;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = trim(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (line.starts_with('[')) inside = line == "[" + profile + "]";
    const size_t equals = line.find('=');
    if (!inside || equals == std::string::npos) continue;
    const std::string name = trim(std::string_view(line).substr(0, equals));
    const std::string value = trim(std::string_view(line).substr(equals + 1));
    if (name == "aws_access_key_id") key.id = value;
    if (name == "aws_secret_access_key") key.secret = Secret(value);
    if (name == "aws_session_token") key.token = Secret(value);
  }
  if (key.id.empty() || key.secret.empty()) return std::nullopt;
  return key;
}

// In the order in which Amazon's own programs look.
Result<AwsKey> find_key(const LoginOptions& options, const BuildContext& context) {
  if (!options.aws_access_key.empty()) {
    return AwsKey{options.aws_access_key, options.aws_secret_key, options.aws_token};
  }
  const Environment& environment = context.environment;
  const auto id = environment.get("AWS_ACCESS_KEY_ID");
  const auto secret = environment.get("AWS_SECRET_ACCESS_KEY");
  if (options.aws_profile.empty() && id && secret) {
    return AwsKey{*id, Secret(*secret), Secret(environment.get_or("AWS_SESSION_TOKEN", ""))};
  }
  const std::string profile = options.aws_profile.empty()
                                  ? environment.get_or("AWS_PROFILE", "default")
                                  : options.aws_profile;
  const std::string file = environment.get_or("AWS_SHARED_CREDENTIALS_FILE",
                                              environment.get_or("HOME", "") + "/.aws/credentials");
  const Result<std::string> text = io::read_file(file);
  const std::optional<AwsKey> key = text ? key_of_profile(*text, profile) : std::optional<AwsKey>();
  if (key) return *key;
  return denied(fmt::format(
      "no AWS credential found: neither aws_access_key, nor AWS_ACCESS_KEY_ID in the environment, "
      "nor profile \"{}\" in {} (credentials of the instance's role are not supported)",
      profile, file));
}

// Signature version 4 of a POST to "/" without a query.
std::vector<net::HttpHeader> signed_headers(const Service& service, const AwsKey& key,
                                            WallTime now) {
  const std::time_t seconds = now.unix_seconds();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  const std::string time = text;
  const std::string day = time.substr(0, 8);
  const std::string type = "application/x-amz-json-1.1";
  const bool session = !key.token.empty();
  std::string canonical =
      fmt::format("POST\n/\n\ncontent-type:{}\nhost:{}\nx-amz-date:{}\n", type, service.host, time);
  if (session) canonical += "x-amz-security-token:" + key.token.reveal() + "\n";
  canonical += "x-amz-target:" + service.target + "\n";
  const std::string names = std::string("content-type;host;x-amz-date;") +
                            (session ? "x-amz-security-token;" : "") + "x-amz-target";
  canonical += "\n" + names + "\n" + sha256(service.body);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, service.region, service.name);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, sha256(canonical));
  std::string signing = "AWS4" + key.secret.reveal();
  for (const std::string& part : {day, service.region, service.name, std::string("aws4_request")}) {
    signing = hmac(signing, part);
  }
  std::vector<net::HttpHeader> headers = {
      {"Content-Type", type},
      {"X-Amz-Date", time},
      {"X-Amz-Target", service.target},
      {"Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, "
                                    "Signature={}",
                                    key.id, scope, names, io::hex_text(hmac(signing, to_sign)))}};
  if (session) headers.push_back({"X-Amz-Security-Token", key.token.reveal()});
  return headers;
}

Result<Service> service_of(const LoginOptions& options) {
  if (options.aws_public || options.server.starts_with("public.ecr.aws")) {
    return Service{"ecr-public", "SpencerFrontendService.GetAuthorizationToken", "us-east-1",
                   "api.ecr-public.us-east-1.amazonaws.com", "{}"};
  }
  const EcrRegistry registry = TRY(parse_ecr_registry(options.server));
  return Service{
      "ecr", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", registry.region,
      fmt::format("api.ecr.{}.amazonaws.com{}", registry.region, registry.china ? ".cn" : ""),
      fmt::format(R"({{"registryIds":["{}"]}})", registry.account)};
}

Result<EcrCredential> credential_in(const std::string& answer) {
  const nlohmann::json document = nlohmann::json::parse(answer, nullptr, false);
  const nlohmann::json* data = nullptr;
  if (document.is_object() && document.contains("authorizationData")) {
    data = &document["authorizationData"];
    if (data->is_array() && !data->empty()) data = &(*data)[0];
  }
  const bool found = data != nullptr && data->is_object() && data->contains("authorizationToken") &&
                     (*data)["authorizationToken"].is_string();
  const std::string pair =
      found ? decoded_base64((*data)["authorizationToken"].get<std::string>()) : "";
  const size_t colon = pair.find(':');
  if (colon == std::string::npos) return corrupt("ECR gave no authorization token");
  return EcrCredential{pair.substr(0, colon), Secret(pair.substr(colon + 1))};
}

}  // namespace

Result<EcrRegistry> parse_ecr_registry(const std::string& server) {
  std::string host = server.starts_with("https://") ? server.substr(8) : server;
  host = host.substr(0, host.find('/'));
  const size_t mark = host.find(".dkr.ecr.");
  EcrRegistry registry;
  registry.china = host.ends_with(".amazonaws.com.cn");
  const std::string tail = registry.china ? ".amazonaws.com.cn" : ".amazonaws.com";
  if (mark == std::string::npos || !host.ends_with(tail) || host.size() <= mark + 9 + tail.size()) {
    return invalid_input("login_server \"" + server +
                         "\" is no ECR registry: <account>.dkr.ecr.<region>.amazonaws.com");
  }
  registry.account = host.substr(0, mark);
  registry.region = host.substr(mark + 9, host.size() - mark - 9 - tail.size());
  return registry;
}

Result<EcrCredential> fetch_ecr_credential(const LoginOptions& options, BuildContext& context) {
  Service service = TRY(service_of(options));
  const AwsKey key = TRY(find_key(options, context));
  net::HttpRequest request;
  request.method = "POST";
  request.url = "https://" + service.host + "/";
  // As Amazon's programs: another endpoint for all services, or for this one.
  const auto endpoint = context.environment.get("AWS_ENDPOINT_URL");
  if (endpoint && endpoint->find("://") != std::string::npos) {
    request.url = *endpoint;
    const size_t host = endpoint->find("://") + 3;
    service.host = endpoint->substr(host, endpoint->find('/', host) - host);
  }
  request.headers = signed_headers(service, key, context.clock.wall());
  request.body = service.body;
  net::HttpClient client;
  const net::HttpResponse answer = TRY(client.send(request, context.cancel));
  if (!answer.success()) {
    return denied(fmt::format("ECR refused to give a password: {} {}", answer.status,
                              answer.body.substr(0, 400)));
  }
  return credential_in(answer.body);
}

}  // namespace farm::builders::docker
