// farmctl-data-source: asks one data source. Standard input: an encoded object {type, config};
// standard output: its outputs, encoded. An error is one text on standard error and exit code 1.
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <unistd.h>

#include "builders/core/data_source.h"

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

Result<value::Value> ask(const std::string& request) {
  const value::Value decoded = TRY(value::decode(request));
  const value::Value* type = decoded.get("type");
  const value::Value* config = decoded.get("config");
  if (type == nullptr || config == nullptr) return corrupt("the request names no data source");
  builders::DataSourceRegistry registry;
  builders::register_all_data_sources(registry);
  const std::unique_ptr<builders::DataSource> source = TRY(registry.make(type->as_string()));
  const Environment environment = Environment::of_process();
  std::array<char, 4096> directory{};
  const char* const cwd = ::getcwd(directory.data(), directory.size());
  return source->ask(*config, {environment, cwd == nullptr ? "." : cwd, stop()});
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
