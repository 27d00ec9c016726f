#include "ops/farmctl/client/client_config.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "common/io/files.h"

namespace farm::farmctl {
namespace {

constexpr int kControlPort = 7440;

std::string file_of(const Environment& environment) {
  return config_directory(environment) + "/client.json";
}

}  // namespace

std::string config_directory(const Environment& environment) {
  const std::string base = environment.get_or("XDG_CONFIG_HOME", "");
  if (!base.empty()) return base + "/farm";
  return environment.get_or("HOME", "/") + "/.config/farm";
}

std::string complete_endpoint(const std::string& endpoint, int default_port) {
  std::string whole = endpoint.find("://") == std::string::npos ? "tcp://" + endpoint : endpoint;
  const size_t host = whole.find("://") + 3;
  const size_t bracket = whole.find(']', host);  // [::1]
  const size_t colon = whole.find(':', bracket == std::string::npos ? host : bracket);
  if (colon == std::string::npos) whole += ":" + std::to_string(default_port);
  return whole;
}

std::string next_port(const std::string& endpoint) {
  const size_t colon = endpoint.rfind(':');
  if (colon == std::string::npos) return endpoint;
  int port = 0;
  std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), port);
  return endpoint.substr(0, colon + 1) + std::to_string(port + 1);
}

Result<ClientConfig> load_client_config(const Environment& environment, const std::string& flag) {
  ClientConfig config;
  const std::string path = file_of(environment);
  Result<std::string> text = io::read_file(path);
  if (text) {
    const nlohmann::json document = nlohmann::json::parse(*text, nullptr, false);
    if (!document.is_object()) return corrupt(path + " is not a client configuration");
    const auto text_of = [&](const char* key) {
      const auto found = document.find(key);
      return found != document.end() && found->is_string() ? found->get<std::string>() : "";
    };
    config.control = text_of("coordinator");
    config.bulk = text_of("bulk");
    config.server_key = text_of("server_key");
    config.name = text_of("name");
    config.origin = path;
  } else if (text.error().code != ErrorCode::NotFound) {
    return std::move(text).error();
  }
  const auto use = [&](const std::string& endpoint, const char* origin) {
    config.control = complete_endpoint(endpoint, kControlPort);
    config.bulk = next_port(config.control);
    config.origin = origin;
  };
  if (!flag.empty()) {
    use(flag, "--coordinator");
  } else if (const auto variable = environment.get("FARM_COORDINATOR"); variable) {
    if (!variable->empty()) use(*variable, "FARM_COORDINATOR");
  }
  if (config.control.empty()) {
    return not_found(
        "no coordinator is configured; join one with: farmctl login TOKEN\n"
        "  hint: build here without a farm: farmctl build TEMPLATE");
  }
  if (config.server_key.empty()) {
    return denied("no key of the coordinator is known; join it with: farmctl login TOKEN");
  }
  return config;
}

Result<void> save_client_config(const Environment& environment, const ClientConfig& config) {
  TRY(io::make_directories(config_directory(environment), 0700));
  const nlohmann::ordered_json document = {{"coordinator", config.control},
                                           {"bulk", config.bulk},
                                           {"server_key", config.server_key},
                                           {"name", config.name}};
  return io::write_file_atomic(file_of(environment), document.dump(2) + "\n", 0600);
}

Result<net::CurveKeys> client_keys(const Environment& environment) {
  TRY(io::make_directories(config_directory(environment), 0700));
  return net::load_or_create_curve_keys(client_key_path(environment));
}

std::string client_key_path(const Environment& environment) {
  return config_directory(environment) + "/client.key";
}

}  // namespace farm::farmctl
