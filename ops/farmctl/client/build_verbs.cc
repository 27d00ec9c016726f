// status, logs, cancel, why: looking at builds and ending them.
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ops/farmctl/client/client.h"
#include "ops/farmctl/client/follow.h"
#include "ops/farmctl/client/log_lines.h"
#include "ops/farmctl/client/table.h"

namespace farm::farmctl {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key, const char* other = "-") {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return other;
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string brief(const std::string& id) { return id.substr(0, 6); }

void print_builds(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& build : answer.value("builds", json::array())) {
    rows.push_back({brief(text_of(build, "id")), text_of(build, "template"),
                    text_of(build, "state"),
                    fmt::format("{}/{}", build.value("jobs_done", 0), build.value("jobs_total", 0)),
                    human_duration(build.value("elapsed", 0.0)), text_of(build, "submitter")});
  }
  std::fputs(format_table({"BUILD", "NAME", "STATE", "JOBS", "AGE", "BY"}, rows).c_str(), stdout);
}

void print_build(const json& build) {
  std::printf("build %s  %s  %s  by %s  %s\n", brief(text_of(build, "id")).c_str(),
              text_of(build, "template").c_str(), text_of(build, "state").c_str(),
              text_of(build, "submitter").c_str(),
              human_duration(build.value("elapsed", 0.0)).c_str());
  std::vector<std::vector<std::string>> rows;
  for (const json& job : build.value("jobs", json::array())) {
    rows.push_back({text_of(job, "name"), text_of(job, "type"), text_of(job, "agent"),
                    text_of(job, "state"), text_of(job, "step", ""),
                    fmt::format("{}", job.value("attempt", 0)),
                    human_duration(job.value("elapsed", 0.0)), text_of(job, "error", "")});
  }
  std::fputs(format_table({"JOB", "BUILDER", "AGENT", "STATE", "STEP", "ATTEMPT", "TIME", "ERROR"},
                          rows)
                 .c_str(),
             stdout);
  for (const json& job : build.value("jobs", json::array())) {
    for (const json& past : job.value("history", json::array())) {
      if (text_of(past, "error", "").empty()) continue;
      std::printf("  %s attempt %s on %s: %s\n", text_of(job, "name").c_str(),
                  text_of(past, "attempt").c_str(), text_of(past, "agent").c_str(),
                  text_of(past, "error").c_str());
    }
  }
}

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
                      {"t", FlagKind::Switch, "time before each line"}},
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
  Result<FollowEnd> end = follow_build(client, *opened->connection, *id, jobs, options);
  if (!end) return client.fail(end.error());
  return end->state == "detached" ? kInterrupted : kDone;
}

}  // namespace farm::farmctl
