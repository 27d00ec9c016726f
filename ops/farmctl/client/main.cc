// farmctl-client: the verbs that talk to a coordinator. farmctl becomes this program with the same
// arguments.
#include <array>
#include <cstdio>
#include <exception>
#include <unistd.h>

#include "common/io/private_memory.h"
#include "ops/farmctl/client/client.h"

namespace farm::farmctl {
namespace {

struct Verb {
  const char* name;
  int (*run)(Client&);
};
constexpr Verb kVerbs[] = {
    {"agents", run_agents}, {"artifacts", run_artifacts}, {"audit", run_audit},
    {"backup", run_backup}, {"cancel", run_cancel},       {"leaks", run_leaks},
    {"keys", run_keys},
    {"login", run_login},   {"logs", run_logs},           {"manifest", run_manifest},
    {"status", run_status}, {"submit", run_submit},       {"token", run_token},
    {"why", run_why},
};

int run(int argc, char** argv) {
  io::keep_memory_private();
  const Environment environment = Environment::of_process();
  const SystemClock clock;
  std::vector<std::string> words(argv + 1, argv + argc);
  std::erase(words, "-machine-readable");
  Output output(Output::settings(environment, false), clock);
  if (words.empty()) {
    std::fprintf(stderr, "error: farmctl-client is started by farmctl\n");
    return kWrongUse;
  }
  std::array<char, 4096> here{};
  if (::getcwd(here.data(), here.size()) == nullptr) {
    std::fprintf(stderr, "error: the working directory is gone\n");
    return kWrongUse;
  }
  Client client{environment, clock, output, here.data(), {words.begin() + 1, words.end()}};
  for (const Verb& verb : kVerbs) {
    if (words[0] == verb.name) return verb.run(client);
  }
  std::fprintf(stderr, "error: no verb `%s` here\n", words[0].c_str());
  return kWrongUse;
}

}  // namespace
}  // namespace farm::farmctl

int main(int argc, char** argv) {
  try {
    const int code = farm::farmctl::run(argc, argv);
    return std::fflush(stdout) == 0 ? code : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "farmctl: internal error: %s\n", error.what());
    return 1;
  }
}
