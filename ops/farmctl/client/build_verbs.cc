// status, logs, cancel, why: looking at builds and ending them.
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/io/files.h"
#include "ops/farmctl/client/client.h"
#include "ops/farmctl/client/follow.h"
#include "ops/farmctl/client/log_lines.h"
#include "ops/farmctl/view/build_view.h"
#include "ops/farmctl/view/screen_shelf.h"

namespace farm::farmctl {
namespace {

using nlohmann::json;

// The connection and flags of a verb; empty when an exit code was decided already.
struct Opened {
  ParsedFlags flags;
  bool as_json = false;
  std::unique_ptr<Connection> connection;
};
std::optional<Opened> open(Client& client, const char* verb, const char* arguments,
                           const char* purpose, std::vector<Flag> own, size_t least, size_t most,
                           int& exit_code) {
  const std::vector<Flag> table = client_flags(std::move(own));
  Result<ParsedFlags> flags = parse_flags(table, client.words);
  if (!flags) {
    exit_code = client.fail(flags.error());
    return std::nullopt;
  }
  if (flags->on("help")) {
    client.output.say(usage(verb, arguments, purpose, table));
    exit_code = kDone;
    return std::nullopt;
  }
  if (flags->arguments().size() < least || flags->arguments().size() > most) {
    exit_code = client.fail(
        invalid_input(fmt::format("usage: farmctl {} {}; see farmctl {} -h", verb, arguments, verb)));
    return std::nullopt;
  }
  const Result<bool> as_json = wants_json(*flags);
  if (!as_json) {
    exit_code = client.fail(as_json.error());
    return std::nullopt;
  }
  Result<std::unique_ptr<Connection>> connection = client.connect(*flags);
  if (!connection) {
    exit_code = client.fail(connection.error());
    return std::nullopt;
  }
  return Opened{std::move(*flags), *as_json, std::move(*connection)};
}

// Asks, prints JSON or through `print`.
int show(Client& client, Opened& opened, const char* what,
         std::map<std::string, std::string> arguments, void (*print)(const json&)) {
  Result<std::string> text = opened.connection->query(what, std::move(arguments));
  if (!text) return client.fail(text.error());
  if (opened.as_json) {
    std::printf("%s\n", text->c_str());
    return kDone;
  }
  const json answer = json::parse(*text, nullptr, false);
  if (answer.is_discarded()) return client.fail(corrupt("the coordinator's answer is not JSON"));
  warn_read_only(answer);
  print(answer);
  return kDone;
}

void print_why(const json& answer) {
  for (const json& job : answer.value("jobs", json::array())) {
    std::printf("%s  %s\n", text_of(job, "name").c_str(), text_of(job, "state").c_str());
    for (const json& reason : job.value("reasons", json::array())) {
      std::printf("  %s\n", reason.get<std::string>().c_str());
    }
  }
  const uint64_t more = answer.value("unexplained", uint64_t{0});
  if (more != 0) {
    std::printf("and %llu more jobs: `farmctl why JOB` explains one\n",
                static_cast<unsigned long long>(more));
  }
}

int save_screens(Client& client, const std::map<std::string, wire::Picture>& screens,
                 const std::string& file) {
  if (screens.empty()) return client.fail(not_found("there is no picture of a screen in the log"));
  if (!file.empty() && screens.size() > 1) {
    return client.fail(invalid_input("several jobs have pictures: name one as BUILD/JOB"));
  }
  for (const auto& [job, picture] : screens) {
    const std::string path = file.empty() ? screen_file_name(job) : file;
    const Result<void> written = io::write_file(path, picture.png);
    if (!written) return client.fail(written.error());
    std::printf("%s\n", path.c_str());
  }
  return kDone;
}

}  // namespace

int run_status(Client& client) {
  int exit_code = kDone;
  auto opened = open(client, "status", "[BUILD]", "builds and jobs", {}, 0, 1, exit_code);
  if (!opened) return exit_code;
  if (opened->flags.arguments().empty()) {
    return show(client, *opened, "builds", {{"limit", "50"}}, print_builds);
  }
  return show(client, *opened, "build", {{"build", opened->flags.arguments()[0]}}, print_build);
}

int run_why(Client& client) {
  int exit_code = kDone;
  auto opened = open(client, "why", "BUILD[/JOB]", "why a job waits", {}, 1, 1, exit_code);
  if (!opened) return exit_code;
  return show(client, *opened, "why", {{"job", opened->flags.arguments()[0]}}, print_why);
}

int run_cancel(Client& client) {
  int exit_code = kDone;
  auto opened = open(client, "cancel", "BUILD", "end a build", {}, 1, 1, exit_code);
  if (!opened) return exit_code;
  Result<std::string> done =
      opened->connection->command("cancel", {{"build", opened->flags.arguments()[0]}});
  if (!done) return client.fail(done.error());
  if (opened->as_json) {
    std::printf("%s\n", done->c_str());
  } else {
    std::printf("build %s is being cancelled; its machines are cleaned up first\n",
                opened->flags.arguments()[0].c_str());
  }
  return kDone;
}

int run_logs(Client& client) {
  int exit_code = kDone;
  auto opened = open(client, "logs", "BUILD[/JOB]", "log of a build or of one of its jobs",
                     {{"f", FlagKind::Switch, "follow until the build ends"},
                      {"t", FlagKind::Switch, "time before each line"},
                      {"screen", FlagKind::Switch, "pictures of the screens instead; the last of "
                                                   "each job is saved"},
                      {"o", FlagKind::Text, "file for the picture (default: JOB.png here)"}},
                     1, 1, exit_code);
  if (!opened) return exit_code;
  std::string name = opened->flags.arguments()[0];
  FollowOptions options;
  if (const size_t slash = name.find('/'); slash != std::string::npos) {
    options.only_job = name.substr(slash + 1);
    name.resize(slash);
  }
  Result<std::string> text = opened->connection->query("build", {{"build", name}});
  if (!text) return client.fail(text.error());
  const json build = json::parse(*text, nullptr, false);
  if (!build.is_object()) return client.fail(corrupt("the coordinator's answer is not JSON"));
  Result<BuildId> id = BuildId::parse(text_of(build, "id"));
  if (!id) return client.fail(id.error());
  std::vector<std::pair<std::string, std::string>> jobs;
  bool known = options.only_job.empty();
  for (const json& job : build.value("jobs", json::array())) {
    jobs.emplace_back(text_of(job, "id"), text_of(job, "name"));
    known |= jobs.back().first == options.only_job || jobs.back().second == options.only_job;
  }
  if (!known) {
    std::vector<std::string> names;
    for (const auto& [job, shown] : jobs) names.push_back(shown);
    return client.fail(not_found(fmt::format("build {} has no job `{}`. Jobs: {}", name,
                                             options.only_job, fmt::join(names, ", "))));
  }
  options.follow = opened->flags.on("f");
  options.timestamps = opened->flags.on("t");
  options.color = client.output.settings().color;
  std::map<std::string, wire::Picture> screens;
  const bool screen = opened->flags.on("screen");
  if (screen) {
    options.on_picture = [&](const std::string& job, const wire::Picture& picture) {
      std::fprintf(stderr, "%s  %s  %s\n", utc_text(picture.time).c_str(), job.c_str(),
                   picture.caption.c_str());
      screens[job] = picture;
    };
  }
  Result<FollowEnd> end = follow_build(client, *opened->connection, *id, jobs, options);
  if (!end) return client.fail(end.error());
  if (screen) return save_screens(client, screens, opened->flags.text("o"));
  return end->state == "detached" ? kInterrupted : kDone;
}

}  // namespace farm::farmctl
