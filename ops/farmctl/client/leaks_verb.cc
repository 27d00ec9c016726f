// leaks: what builds made at providers and did not remove: what the ledger still lists, and what
// agents find there that bears the mark of a build and is in no ledger.
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/cancel.h"
#include "ops/farmctl/client/client.h"
#include "ops/farmctl/view/table.h"

namespace farm::farmctl {
namespace {

using nlohmann::json;

// An agent gives up on a survey after three minutes, the coordinator on an agent after four.
constexpr Duration kSurveyLimit = std::chrono::minutes(5);
constexpr Duration kPollPause = std::chrono::milliseconds(100);

Result<json> parsed(Result<std::string> text) {
  if (!text) return std::move(text).error();
  json answer = json::parse(*text, nullptr, false);
  if (!answer.is_object()) return corrupt("the coordinator's answer is not JSON");
  return answer;
}

// Has the agents look at their providers, after removing `remove`.
Result<json> survey(Connection& connection, const json& remove) {
  std::map<std::string, std::string> arguments;
  if (!remove.empty()) arguments["remove"] = remove.dump();
  const json ordered = TRY(parsed(connection.command("survey", std::move(arguments))));
  const std::string id = ordered.value("survey", "");
  const SystemClock clock;
  const Instant deadline = clock.now() + kSurveyLimit;
  const CancelToken never;
  while (clock.now() < deadline) {
    json answer = TRY(parsed(connection.query("survey", {{"survey", id}})));
    if (answer.value("done", false)) return answer;
    never.sleep(kPollPause);
  }
  return timed_out("the agents did not say what they see within five minutes");
}

std::string age_text(double seconds) {
  if (seconds <= 0) return "-";
  if (seconds < 90) return fmt::format("{:.0f}s", seconds);
  if (seconds < 5400) return fmt::format("{:.0f}m", seconds / 60);
  if (seconds < 172800) return fmt::format("{:.0f}h", seconds / 3600);
  return fmt::format("{:.0f}d", seconds / 86400);
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

struct Findings {
  json leaks = json::array();    // recorded by the ledger, of builds that have ended
  json things = json::array();   // unrecorded and unknown ones, as agents see them
  json unseen = json::array();   // providers that could not be looked at
  size_t views = 0;

  size_t count(const char* state) const {
    return static_cast<size_t>(std::count_if(things.begin(), things.end(), [&](const json& one) {
      return one.value("state", "") == state;
    }));
  }
};

Result<Findings> find(Connection& connection) {
  Findings findings;
  const json seen = TRY(survey(connection, json::array()));
  const json recorded = TRY(parsed(connection.query("resources", {})));
  for (const json& resource : recorded.value("resources", json::array())) {
    if (resource.value("leaked", false)) findings.leaks.push_back(resource);
  }
  for (const json& thing : seen.value("things", json::array())) {
    const std::string state = thing.value("state", "");
    if (state == "unrecorded" || state == "unknown") findings.things.push_back(thing);
  }
  for (const json& view : seen.value("views", json::array())) {
    ++findings.views;
    if (!view.value("error", "").empty()) findings.unseen.push_back(view);
  }
  return findings;
}

void print_findings(const Findings& findings) {
  std::vector<std::vector<std::string>> rows;
  for (const json& leak : findings.leaks) {
    rows.push_back({"recorded", leak.value("kind", ""), leak.value("name", ""),
                    or_dash(leak.value("id", "")), leak.value("agent", ""),
                    leak.value("agent_state", ""), leak.value("job", "").substr(0, 8),
                    age_text(leak.value("age", 0.0))});
  }
  for (const json& thing : findings.things) {
    rows.push_back({thing.value("state", ""), thing.value("kind", ""), thing.value("name", ""),
                    or_dash(thing.value("id", "")), thing.value("agent", ""),
                    thing.value("place", ""), or_dash(thing.value("job", "").substr(0, 8)),
                    age_text(thing.value("age", 0.0))});
  }
  if (rows.empty()) {
    std::printf("no leaks: everything that builds created is gone or is an artifact\n");
  } else {
    std::fputs(
        format_table({"LEAK", "KIND", "NAME", "ID", "AGENT", "AT", "JOB", "AGE"}, rows).c_str(),
        stdout);
  }
  for (const json& view : findings.unseen) {
    std::fprintf(stderr, "warning: agent %s could not look%s: %s\n",
                 view.value("agent", "").c_str(),
                 view.value("provider", "").empty()
                     ? ""
                     : (" at " + view.value("provider", "")).c_str(),
                 view.value("error", "").c_str());
  }
  if (!findings.leaks.empty()) {
    std::fprintf(stderr, "hint: recorded ones are removed by their agent when it is up; start it, or "
                         "remove them by hand if it will not come back\n");
  }
  if (findings.count("unrecorded") != 0) {
    std::fprintf(stderr, "hint: farmctl leaks --reap removes the unrecorded ones\n");
  }
  if (findings.count("unknown") != 0) {
    std::fprintf(stderr, "hint: unknown ones are of another farm or of a farmctl build; farmctl "
                         "leaks --reap NAME removes one of them\n");
  }
}

// What --reap is to remove: the unrecorded, or those named.
Result<json> chosen(const Findings& findings, const std::vector<std::string>& names) {
  json list = json::array();
  for (const std::string& name : names) {
    bool found = false;
    for (const json& thing : findings.things) {
      if (name != thing.value("name", "") && name != thing.value("id", "")) continue;
      list.push_back(thing);
      found = true;
    }
    if (!found) {
      return not_found(fmt::format("no unrecorded or unknown thing is called `{}`; farmctl leaks "
                                   "lists them",
                                   name));
    }
  }
  if (!names.empty()) return list;
  for (const json& thing : findings.things) {
    if (thing.value("state", "") == "unrecorded") list.push_back(thing);
  }
  return list;
}

int reap(Client& client, Connection& connection, const Findings& findings,
         const std::vector<std::string>& names, bool as_json) {
  const Result<json> list = chosen(findings, names);
  if (!list) return client.fail(list.error());
  json removed = json::array();
  if (!list->empty()) {
    const Result<json> answer = survey(connection, *list);
    if (!answer) return client.fail(answer.error());
    removed = answer->value("removed", json::array());
  }
  const bool failed =
      removed.size() != list->size() ||
      std::any_of(removed.begin(), removed.end(),
                  [](const json& thing) { return !thing.value("error", "").empty(); });
  if (as_json) {
    std::printf("%s\n", json{{"removed", removed}}.dump().c_str());
    return failed ? kBuildFailed : kDone;
  }
  if (list->empty()) std::printf("nothing to remove\n");
  for (const json& thing : removed) {
    const std::string error = thing.value("error", "");
    const std::string what = thing.value("kind", "") + " " + thing.value("name", "");
    if (error.empty()) {
      std::printf("removed %s\n", what.c_str());
    } else {
      std::printf("NOT removed %s: %s\n", what.c_str(), error.c_str());
    }
  }
  return failed ? kBuildFailed : kDone;
}

}  // namespace

int run_leaks(Client& client) {
  const std::vector<Flag> table = client_flags(
      {{"reap", FlagKind::Switch,
        "remove what bears our mark and is in no ledger; with NAMEs only those"}});
  Result<ParsedFlags> flags = parse_flags(table, client.words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("leaks", "[--reap [NAME...]]",
                            "what ended builds made at providers and did not remove", table));
    return kDone;
  }
  const std::vector<std::string>& names = flags->arguments();
  if (!names.empty() && !flags->on("reap")) {
    return client.fail(invalid_input("usage: farmctl leaks [--reap [NAME...]]"));
  }
  const Result<bool> as_json = wants_json(*flags);
  if (!as_json) return client.fail(as_json.error());
  Result<std::unique_ptr<Connection>> connection = client.connect(*flags);
  if (!connection) return client.fail(connection.error());
  const Result<Findings> findings = find(**connection);
  if (!findings) return client.fail(findings.error());
  if (flags->on("reap")) return reap(client, **connection, *findings, names, *as_json);
  if (*as_json) {
    std::printf("%s\n", json{{"leaks", findings->leaks},
                             {"things", findings->things},
                             {"unseen", findings->unseen}}
                            .dump()
                            .c_str());
  } else {
    print_findings(*findings);
  }
  // What is unknown may be somebody's build that runs just now.
  const bool leaks = !findings->leaks.empty() || findings->count("unrecorded") != 0;
  return leaks ? kBuildFailed : kDone;
}

}  // namespace farm::farmctl
