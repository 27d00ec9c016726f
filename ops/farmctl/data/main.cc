// farmctl-data-source: asks one data source or secret store, or reads a checksum file. Standard input:
// an encoded object {type, config}, {secret, arguments} or {checksum, url}; standard output: the
// outputs, the secret or the checksum, encoded. An error is one text on standard error and exit code 1.
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <unistd.h>

#include "builders/core/data_source.h"
#include "builders/external/data_source.h"
#include "builders/steps/checksum_file.h"
#include "ops/farmctl/data/secret_lookup.h"

namespace farm {
namespace {

CancelToken& stop() {
  static CancelToken token;
  return token;
}

std::string read_all() {
  std::string whole;
  std::array<char, 65536> piece{};
  while (const size_t got = std::fread(piece.data(), 1, piece.size(), stdin)) {
    whole.append(piece.data(), got);
  }
  return whole;
}

Result<value::Value> ask_secret(const value::Value& kind, const value::Value* arguments) {
  if (arguments == nullptr) return corrupt("the request has no arguments");
  std::vector<std::string> words;
  for (const value::Value& argument : arguments->elements()) words.push_back(argument.as_string());
  std::string secret = TRY(
      farmctl::look_up_secret(kind.as_string(), words, Environment::of_process(), stop()));
  return value::Value::string(std::move(secret));
}

std::string working_directory() {
  std::array<char, 4096> directory{};
  const char* const cwd = ::getcwd(directory.data(), directory.size());
  return cwd == nullptr ? "." : cwd;
}

Result<value::Value> read_checksum(const value::Value& checksum, const value::Value* url) {
  if (url == nullptr) return corrupt("the request names no URL");
  const Environment environment = Environment::of_process();
  const std::string directory = working_directory();
  const auto absolute = [&](const std::string& path) {
    if (path == "~" || path.starts_with("~/")) {
      return environment.get_or("HOME", "/") + path.substr(1);
    }
    return path.starts_with('/') ? path : directory + "/" + path;
  };
  const builders::steps::Checksum found = TRY(builders::steps::resolve_checksum(
      checksum.as_string(), url->as_string(), absolute, stop()));
  return value::Value::string(found.text());
}

Result<value::Value> ask(const std::string& request) {
  const value::Value decoded = TRY(value::decode(request));
  if (const value::Value* checksum = decoded.get("checksum")) {
    return read_checksum(*checksum, decoded.get("url"));
  }
  if (const value::Value* secret = decoded.get("secret")) {
    return ask_secret(*secret, decoded.get("arguments"));
  }
  const value::Value* type = decoded.get("type");
  const value::Value* config = decoded.get("config");
  if (type == nullptr || config == nullptr) return corrupt("the request names no data source");
  builders::DataSourceRegistry registry;
  builders::register_all_data_sources(registry);
  const Environment environment = Environment::of_process();
  builders::external::register_data_sources(registry,
                                            builders::external::user_plugins(environment).plugins);
  const std::unique_ptr<builders::DataSource> source = TRY(registry.make(type->as_string()));
  return source->ask(*config, {environment, working_directory(), stop()});
}

int run() {
  stop();  // made before a signal may need it
  struct sigaction action {};
  action.sa_handler = [](int) { stop().cancel(); };
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
  const Result<value::Value> answer = ask(read_all());
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    return 1;
  }
  const std::string bytes = value::encode(*answer);
  const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  return whole && std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace farm

int main() {
  try {
    return farm::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "internal error: %s\n", error.what());
    return 1;
  }
}
