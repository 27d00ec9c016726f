// farm-agent: runs the jobs that a coordinator leases to this machine.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "agent/agent_loop.h"
#include "agent/agent_options.h"
#include "common/base/log.h"
#include "common/io/private_memory.h"

namespace {

// Where this program lies; asked before an upgrade can have put another one there.
std::string own_path() {
  char path[4096] = {};
  return ::readlink("/proc/self/exe", path, sizeof path - 1) > 0 ? path : "";
}

// Returns only when it failed. Builds go on meanwhile: their runners are processes of their own.
void start_again(const std::string& path, int argc, char** argv) {
  std::vector<char*> arguments;
  for (int i = 0; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--token=")) continue;  // spent: it was good for one enrolment
    if (word == "--token") {
      ++i;
      continue;
    }
    arguments.push_back(argv[i]);
  }
  arguments.push_back(nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(path.c_str(), arguments.data());
  farm::log::error("farm-agent cannot start again",
                   {{"program", path}, {"error", std::strerror(errno)}});
}

}  // namespace

int main(int argc, char** argv) {
  const std::string path = own_path();
  farm::io::keep_memory_private();
  try {
    const farm::Result<farm::agent::AgentOptions> options =
        farm::agent::parse_agent_options({argv + 1, argv + argc});
    if (!options) {
      std::fprintf(stderr, "farm-agent: %s\n\n%s", options.error().message.c_str(),
                   farm::agent::agent_usage().c_str());
      return 2;
    }
    if (options->help) {
      std::fputs(farm::agent::agent_usage().c_str(), stdout);
      return 0;
    }
    const farm::Environment environment = farm::Environment::of_process();
    const farm::Result<farm::agent::AgentEnd> end = farm::agent::run_agent(*options, environment);
    if (end && *end == farm::agent::AgentEnd::Stop) return 0;
    if (end) {
      farm::log::info("farm-agent starts again", {{"program", path}});
      start_again(path, argc, argv);
    } else {
      farm::log::error("farm-agent ends", {{"error", end.error().message}});
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "farm-agent: internal error: %s\n", error.what());
  }
  return 1;
}
