// farmctl-local: status, artifacts and manifest of builds made here by `farmctl build` (farmctl
// becomes this program when --local or --state is given), the merging of their journals, and fsck
// and restore of a coordinator's data.
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "common/base/environment.h"
#include "common/io/files.h"
#include "ops/farmctl/common/flags.h"
#include "ops/farmctl/common/state_directory.h"
#include "coordinator/store/backup.h"
#include "ops/farmctl/local/local_store.h"
#include "ops/farmctl/local/store_care.h"
#include "ops/farmctl/view/build_view.h"
#include "ops/farmctl/view/screen_shelf.h"

namespace farm::farmctl {
namespace {

int fail(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
  return error.code == ErrorCode::Timeout ? 7 : 2;
}

void tell(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) {
    std::fprintf(stderr, "warning: %s\n", problem.c_str());
  }
}

struct Question {
  const char* verb;
  const char* query;       // with an argument
  const char* bare_query;  // without; null: the last build
  void (*print)(const nlohmann::json&);
  void (*print_bare)(const nlohmann::json&);
};
const Question* find_question(const std::string& verb) {
  static constexpr Question kQuestions[] = {
      {"status", "build", "builds", print_build, print_builds},
      {"artifacts", "artifacts", nullptr, print_artifacts, nullptr},
      {"manifest", "manifest", nullptr, nullptr, nullptr},
  };
  for (const Question& question : kQuestions) {
    if (verb == question.verb) return &question;
  }
  return nullptr;
}

int show(const Question& question, const ParsedFlags& flags, const std::string& state,
         const Clock& clock) {
  const bool bare = flags.arguments().empty();
  const bool list = bare && question.bare_query != nullptr;
  std::vector<std::string> problems;
  Result<std::string> text = ask_local_store(
      state, list ? question.bare_query : question.query,
      {{"build", bare ? "@last" : flags.arguments()[0]}, {"limit", "50"}}, clock, problems);
  tell(problems);
  if (!text) return fail(text.error());
  void (*print)(const nlohmann::json&) = list ? question.print_bare : question.print;
  if (print == nullptr || flags.text("output") == "json") {
    std::printf("%s\n", text->c_str());
    return 0;
  }
  print(nlohmann::json::parse(*text, nullptr, false));
  return 0;
}

// The pictures of failed machines; the lines of local builds were on the screen.
int show_screens(const ParsedFlags& flags, const std::string& state, const Clock& clock) {
  std::string name = flags.arguments().empty() ? "@last" : flags.arguments()[0];
  std::string job;
  if (const size_t slash = name.find('/'); slash != std::string::npos) {
    job = name.substr(slash + 1);
    name.resize(slash);
  }
  std::vector<std::string> problems;
  const Result<std::string> text =
      ask_local_store(state, "build", {{"build", name}}, clock, problems);
  tell(problems);
  if (!text) return fail(text.error());
  const nlohmann::json build = nlohmann::json::parse(*text, nullptr, false);
  const std::vector<std::string> paths =
      ScreenShelf(state).find(build.is_object() ? build.value("id", "") : "", job);
  if (paths.empty()) return fail(not_found("no screen of a failed machine was kept of " + name));
  const std::string file = flags.text("o");
  if (!file.empty()) {
    if (paths.size() > 1) {
      return fail(invalid_input("several jobs have pictures: name one as BUILD/JOB"));
    }
    const Result<void> copied = io::copy_file(paths[0], file, CancelToken());
    if (!copied) return fail(copied.error());
  }
  for (const std::string& path : paths) std::printf("%s\n", file.empty() ? path.c_str() : file.c_str());
  return 0;
}

constexpr const char* kCoordinatorData = "/var/lib/farm/coordinator";

int run_fsck(const std::vector<std::string>& words, const Environment& environment) {
  const std::vector<Flag> table = {
      {"data", FlagKind::Text, "data directory of the coordinator, or a backup of it "
                               "(default /var/lib/farm/coordinator)"},
      {"local", FlagKind::Switch, "the records of builds made here by farmctl build"},
      {"state", FlagKind::Text, "like --local, of this state directory"},
      {"deep", FlagKind::Switch, "read and hash every stored byte"},
      {"output", FlagKind::Text, "table (default) or json"},
  };
  Result<ParsedFlags> flags = parse_flags(table, words);
  if (!flags) return fail(flags.error());
  if (flags->on("help")) {
    std::fputs((usage("fsck", "", "check the records of a coordinator that is stopped", table) +
                "\n").c_str(), stdout);
    return 0;
  }
  std::string data = flags->has("data") ? flags->text("data") : kCoordinatorData;
  if (flags->on("local") || flags->has("state")) {
    data = state_directory(flags->text("state"), environment) + "/store";
  }
  const bool as_json = flags->text("output") == "json";
  const bool tell_progress = !as_json && ::isatty(STDERR_FILENO) == 1;
  const auto progress = [&](const std::string& what) {
    if (tell_progress) std::fprintf(stderr, "checking %s\n", what.c_str());
  };
  const Result<coordinator::FsckReport> report = check_data(data, flags->on("deep"), progress);
  if (!report) return fail(report.error());
  std::fputs((as_json ? report_json(data, *report) + "\n" : report_text(data, *report)).c_str(),
             stdout);
  return report->clean() ? 0 : 1;
}

int run_restore(const std::vector<std::string>& words, const Clock& clock) {
  const std::vector<Flag> table = {
      {"data", FlagKind::Text, "directory to make, empty or missing "
                               "(default /var/lib/farm/coordinator)"},
  };
  Result<ParsedFlags> flags = parse_flags(table, words);
  if (!flags) return fail(flags.error());
  if (flags->on("help")) {
    std::fputs((usage("restore", "BACKUP", "make a coordinator's data from a backup", table) +
                "\n").c_str(), stdout);
    return 0;
  }
  if (flags->arguments().size() != 1) {
    return fail(invalid_input("usage: farmctl restore [--data DIR] BACKUP"));
  }
  const std::string data = flags->has("data") ? flags->text("data") : kCoordinatorData;
  const Result<void> restored =
      coordinator::restore_backup(flags->arguments()[0], data, clock.wall());
  if (!restored) return fail(restored.error());
  const Result<coordinator::FsckReport> report = check_data(data, false, {});
  if (!report) return fail(report.error());
  std::fputs(report_text(data, *report).c_str(), stdout);
  std::printf("restored; start it with: farm-coordinator --data %s\n", data.c_str());
  return report->clean() ? 0 : 1;
}

int run(int argc, char** argv) {
  const Environment environment = Environment::of_process();
  const SystemClock clock;
  std::vector<std::string> words(argv + 1, argv + argc);
  const std::string verb = words.empty() ? "" : words[0];
  if (!words.empty()) words.erase(words.begin());
  if (verb == "fsck") return run_fsck(words, environment);
  if (verb == "restore") return run_restore(words, clock);
  if (verb == "artifacts" && !words.empty() && words[0] == "list") words.erase(words.begin());
  const std::vector<Flag> table = {
      {"local", FlagKind::Switch, "builds of this machine"},
      {"state", FlagKind::Text, "state directory of farmctl build"},
      {"output", FlagKind::Text, "table (default) or json"},
      {"screen", FlagKind::Switch, "logs: the last screens of failed machines"},
      {"o", FlagKind::Text, "logs --screen: a copy of the picture"},
  };
  Result<ParsedFlags> flags = parse_flags(table, words);
  if (!flags) return fail(flags.error());
  const std::string state = state_directory(flags->text("state"), environment);
  if (verb == "merge") {
    std::vector<std::string> problems;
    const Result<void> merged = merge_runs(state, clock, problems);
    tell(problems);
    return merged ? 0 : fail(merged.error());
  }
  if (verb == "logs" && flags->on("screen")) return show_screens(*flags, state, clock);
  const Question* question = find_question(verb);
  if (question == nullptr) {
    return fail(invalid_input("`" + verb + "` has no local form; it asks a coordinator"));
  }
  return show(*question, *flags, state, clock);
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
