// farmctl: the command line of farm. This program stays thin so that validate, inspect and fmt
// start in milliseconds: what needs sockets, stores or builders is in two programs beside it
// (libexec/farm), which take over the process with the same arguments.

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <unistd.h>

#include "builders/external/catalog/plugin_folder.h"
#include "common/base/diagnostic.h"
#include "ops/farmctl/common/farm_components.h"
#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {
namespace {

constexpr int kUnknownCommand = 127;  // as the reference has it

enum class Home { Here, Build, Client, Local };

struct Verb {
  std::string_view name;
  Home home = Home::Here;
  int (*run)(Invocation&) = nullptr;
  std::string_view purpose;
};

constexpr std::array kVerbs = {
    Verb{"build", Home::Build, nullptr, "build images here, without a farm"},
    Verb{"submit", Home::Client, nullptr, "have images built by the farm"},
    Verb{"validate", Home::Here, run_validate, "check a template"},
    Verb{"inspect", Home::Here, run_inspect, "list the parts of a template"},
    Verb{"console", Home::Here, run_console, "evaluate expressions"},
    Verb{"fmt", Home::Here, run_fmt, "rewrite HCL2 files in canonical format"},
    Verb{"fix", Home::Here, run_fix, "rewrite old options of a JSON template"},
    Verb{"hcl2_upgrade", Home::Here, run_hcl2_upgrade, "rewrite a JSON template as HCL2"},
    Verb{"init", Home::Here, run_init, "check required plugins against what is built in"},
    Verb{"plugins", Home::Here, run_plugins, "list built-in components as plugins"},
    Verb{"status", Home::Client, nullptr, "builds and jobs"},
    Verb{"why", Home::Client, nullptr, "why a job waits"},
    Verb{"logs", Home::Client, nullptr, "log of a build or of one of its jobs"},
    Verb{"cancel", Home::Client, nullptr, "end a build"},
    Verb{"artifacts", Home::Client, nullptr, "list and fetch results"},
    Verb{"manifest", Home::Client, nullptr, "manifest of a build"},
    Verb{"agents", Home::Client, nullptr, "agents of the farm"},
    Verb{"keys", Home::Client, nullptr, "keys of users, agents and the coordinator; change them"},
    Verb{"token", Home::Client, nullptr, "enrolment tokens"},
    Verb{"leaks", Home::Client, nullptr, "what builds left behind outside"},
    Verb{"audit", Home::Client, nullptr, "who did what; verify the log"},
    Verb{"backup", Home::Client, nullptr, "copy the farm's records while it runs"},
    Verb{"restore", Home::Local, nullptr, "make a coordinator's data from a backup"},
    Verb{"fsck", Home::Local, nullptr, "check the records of a stopped coordinator"},
    Verb{"login", Home::Client, nullptr, "join a farm with a token"},
    Verb{"explain", Home::Here, run_explain, "explain an error code or list a component's options"},
    Verb{"version", Home::Here, run_version, "print the version"},
};

std::string command_list() {
  std::string text = "Usage: farmctl [-machine-readable] COMMAND [options]\n\nCommands:\n\n";
  for (const Verb& verb : kVerbs) {
    std::string left = "  " + std::string(verb.name);
    left.resize(std::max<size_t>(left.size() + 1, 14), ' ');
    text.append(left).append(verb.purpose).append("\n");
  }
  return text + "\nfarmctl COMMAND -h describes a command.";
}

/// Directory of this program, with symbolic links resolved; empty when it cannot be told.
std::string program_directory() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return {};
  const std::string text(path.data(), static_cast<size_t>(size));
  return text.substr(0, text.rfind('/'));
}

/// Becomes the program that has the verb. Comes back only when that is not installed.
int hand_over(const Verb& verb, const char* name_of_self, const std::vector<std::string>& words,
              Output& output) {
  // --local and --state ask about builds made here, not a coordinator.
  const bool local = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    const std::string flag = word.substr(std::min(word.find_first_not_of('-'), word.size()));
    return word.starts_with('-') &&
           (flag == "local" || flag == "state" || flag.starts_with("state="));
  });
  const Home home = verb.home == Home::Client && local ? Home::Local : verb.home;
  const char* const name = home == Home::Build    ? "farmctl-build"
                           : home == Home::Local ? "farmctl-local"
                                                 : "farmctl-client";
  const std::string program = program_directory() + "/../libexec/farm/" + name;
  std::vector<std::string> passed = {name_of_self};
  if (output.settings().machine_readable) passed.emplace_back("-machine-readable");
  passed.insert(passed.end(), words.begin(), words.end());
  std::vector<char*> pointers;
  for (std::string& word : passed) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::fflush(stdout);
  ::execv(program.c_str(), pointers.data());
  output.error("farmctl: `" + std::string(verb.name) + "` needs " + program +
               ", which cannot be run: is farm installed completely?");
  return kFailure;
}

const Verb* find_verb(const std::string& word) {
  const std::string name = word == "plugin"         ? "plugins"
                           : word == "hcl2-upgrade" ? "hcl2_upgrade"
                                                    : word;
  for (const Verb& verb : kVerbs) {
    if (verb.name == name) return &verb;
  }
  return nullptr;
}

int unknown_verb(const std::string& word, Output& output) {
  std::vector<std::string> names;
  for (const Verb& verb : kVerbs) names.emplace_back(verb.name);
  const std::string near = nearest_name(word, names);
  std::string text = "farmctl: no command `" + word + "`.";
  if (!near.empty()) text += " Did you mean `" + near + "`?";
  output.error(text + "\n\n" + command_list());
  return kUnknownCommand;
}

std::string working_directory() {
  std::array<char, 4096> path{};
  return ::getcwd(path.data(), path.size()) == nullptr ? "." : path.data();
}

int run(int argc, char** argv) {
  const Environment environment = Environment::of_process();
  const SystemClock clock;
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto machine = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word == "-machine-readable" || word == "--machine-readable";
  });
  const bool machine_readable = machine != words.end();
  if (machine_readable) words.erase(machine);
  Output output(Output::settings(environment, machine_readable), clock);
  if (words.empty()) {
    output.error(command_list());
    return kUnknownCommand;
  }
  std::string word = words.front();
  if (word == "help" || word == "-h" || word == "--help" || word == "-help") {
    if (words.size() == 1) {
      output.say(command_list());
      return kSuccess;
    }
    word = words[1];
    words = {word, "-h"};
  }
  if (word == "-v" || word == "--version" || word == "-version") word = "version";
  const Verb* verb = find_verb(word);
  if (verb == nullptr) return unknown_verb(word, output);
  if (verb->home != Home::Here) return hand_over(*verb, argv[0], words, output);
  // The user's external components, into the catalog; no folder, no cost.
  (void)builders::external::user_plugins(environment);
  add_farm_components(environment);
  Invocation invocation{environment, clock, output, working_directory(),
                        {words.begin() + 1, words.end()}};
  return verb->run(invocation);
}

}  // namespace
}  // namespace farm::farmctl

int main(int argc, char** argv) {
  try {
    const int code = farm::farmctl::run(argc, argv);
    // A full disk or a closed pipe must not look like success.
    return std::fflush(stdout) == 0 ? code : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "farmctl: internal error: %s\n", error.what());
    return 1;
  }
}
