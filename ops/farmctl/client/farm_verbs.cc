// agents, token, login: the farm itself.
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/wire/join_token.h"
#include "ops/farmctl/client/client.h"
#include "ops/farmctl/client/enrolment.h"
#include "ops/farmctl/view/build_view.h"
#include "ops/farmctl/view/table.h"

namespace farm::farmctl {
namespace {

using nlohmann::json;

std::string joined(const json& list) {
  std::string text;
  for (const json& item : list) text += (text.empty() ? "" : ",") + item.get<std::string>();
  return text.empty() ? "-" : text;
}

std::string seen_text(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f}s", seconds);
  if (seconds < 5400) return fmt::format("{:.0f}m", seconds / 60);
  return fmt::format("{:.0f}h", seconds / 3600);
}

std::string percent(double part) { return fmt::format("{:.0f}%", part * 100); }

double memory_part(const json& node) {
  const double all = node.value("memory_bytes", 0.0);
  return all <= 0 ? 0 : node.value("memory_used", 0.0) / all;
}

// "cpu 31% mem 48%" over the online nodes of the agent's providers, weighed by nothing: a hint.
std::string load_text(const json& agent) {
  double cpu = 0;
  double memory = 0;
  int nodes = 0;
  for (const json& provider : agent.value("providers", json::array())) {
    for (const json& node : provider.value("nodes", json::array())) {
      if (!node.value("online", false)) continue;
      cpu += node.value("cpu", 0.0);
      memory += memory_part(node);
      ++nodes;
    }
  }
  if (nodes == 0) return "-";
  return fmt::format("cpu {} mem {} ({} node{})", percent(cpu / nodes), percent(memory / nodes),
                     nodes, nodes == 1 ? "" : "s");
}

void print_nodes(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& agent : answer.value("agents", json::array())) {
    for (const json& provider : agent.value("providers", json::array())) {
      const std::string error = provider.value("error", "");
      if (!error.empty()) {
        std::fprintf(stderr, "warning: agent %s cannot see %s: %s\n",
                     agent.value("name", "").c_str(),
                     (provider.value("provider", "") + " " + provider.value("place", "")).c_str(),
                     error.c_str());
      }
      for (const json& node : provider.value("nodes", json::array())) {
        const std::string group = node.value("group", "");
        const json limit = node.value("limit", json());
        const std::string jobs = std::to_string(node.value("jobs", 0));
        rows.push_back({node.value("name", ""), provider.value("provider", ""),
                        provider.value("place", ""), group.empty() ? "-" : group,
                        node.value("online", false) ? "online" : "OFFLINE",
                        percent(node.value("cpu", 0.0)), percent(memory_part(node)),
                        human_size(node.value("memory_bytes", uint64_t{0})),
                        limit.is_null() ? jobs : jobs + "/" + limit.dump(),
                        agent.value("name", ""),
                        seen_text(provider.value("seen_seconds", 0.0))});
      }
    }
  }
  std::fputs(format_table({"NODE", "PROVIDER", "AT", "CLUSTER", "STATE", "CPU", "MEM", "OF", "JOBS",
                           "AGENT", "SEEN"},
                          rows)
                 .c_str(),
             stdout);
}

void print_agents(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& agent : answer.value("agents", json::array())) {
    std::string state = agent.value("state", "");
    if (state == "suspect") std::transform(state.begin(), state.end(), state.begin(), ::toupper);
    rows.push_back({agent.value("name", ""), joined(agent.value("builders", json::array())), state,
                    fmt::format("{}/{}", agent.value("used", 0), agent.value("slots", 0)),
                    load_text(agent), human_size(agent.value("disk_bytes", uint64_t{0})),
                    joined(agent.value("labels", json::array())),
                    seen_text(agent.value("last_seen_seconds", 0.0))});
  }
  std::fputs(
      format_table({"AGENT", "PLATFORM", "STATE", "SLOTS", "LOAD", "DISK", "LABELS", "SEEN"}, rows)
          .c_str(),
      stdout);
}

void print_tokens(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& token : answer.value("tokens", json::array())) {
    const std::string name = token.value("name", "");
    rows.push_back({token.value("id", ""), token.value("role", ""), name.empty() ? "any" : name,
                    joined(token.value("labels", json::array())), token.value("expires", ""),
                    token.value("used", false) ? "used" : "unused"});
  }
  std::fputs(format_table({"TOKEN", "ROLE", "NAME", "LABELS", "EXPIRES", "STATE"}, rows).c_str(),
             stdout);
}

void print_api_tokens(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& token : answer.value("tokens", json::array())) {
    const std::string name = token.value("name", "");
    rows.push_back({token.value("id", ""), token.value("user", ""), token.value("role", ""),
                    name.empty() ? "-" : name, token.value("expires", ""),
                    token.value("state", "")});
  }
  std::fputs(format_table({"TOKEN", "USER", "ROLE", "NAME", "EXPIRES", "STATE"}, rows).c_str(),
             stdout);
}

// A token for the HTTP API in the name of this user: only the token on standard output.
int create_api_token(Client& client, const ParsedFlags& flags) {
  const Result<bool> as_json = wants_json(flags);
  if (!as_json) return client.fail(as_json.error());
  std::map<std::string, std::string> arguments = {{"role", flags.text("role")},
                                                  {"name", flags.text("name")}};
  if (flags.has("lifetime")) {
    arguments["lifetime_seconds"] = std::to_string(flags.number("lifetime"));
  }
  Result<std::unique_ptr<Connection>> connection = client.connect(flags);
  if (!connection) return client.fail(connection.error());
  Result<std::string> text = (*connection)->command("api-token-create", arguments);
  if (!text) return client.fail(text.error());
  const json answer = json::parse(*text, nullptr, false);
  if (!answer.is_object()) return client.fail(corrupt("the coordinator's answer is not JSON"));
  std::printf("%s\n", *as_json ? text->c_str() : answer.value("token", "").c_str());
  if (!*as_json && client.output.settings().terminal) {
    std::fprintf(stderr, "role %s, valid until %s\n", answer.value("role", "").c_str(),
                 answer.value("expires", "").c_str());
  }
  return kDone;
}

int revoke_api_token(Client& client, const ParsedFlags& flags) {
  if (flags.arguments().size() != 1) {
    return client.fail(invalid_input("usage: farmctl token api-revoke TOKEN-ID"));
  }
  Result<std::unique_ptr<Connection>> connection = client.connect(flags);
  if (!connection) return client.fail(connection.error());
  const std::string& id = flags.arguments()[0];
  Result<std::string> done = (*connection)->command("api-token-revoke", {{"name", id}});
  if (!done) return client.fail(done.error());
  std::printf("%s is revoked\n", id.c_str());
  return kDone;
}

// Verb words such as "list" or "drain" in front; returns the word or `other`.
std::string take_subcommand(std::vector<std::string>& words, const std::string& other) {
  if (words.empty() || words[0].starts_with('-')) return other;
  std::string word = words[0];
  words.erase(words.begin());
  return word;
}

int answer_with(Client& client, const ParsedFlags& flags, const char* query,
                void (*print)(const json&)) {
  const Result<bool> as_json = wants_json(flags);
  if (!as_json) return client.fail(as_json.error());
  Result<std::unique_ptr<Connection>> connection = client.connect(flags);
  if (!connection) return client.fail(connection.error());
  Result<std::string> text = (*connection)->query(query, {});
  if (!text) return client.fail(text.error());
  if (*as_json) {
    std::printf("%s\n", text->c_str());
    return kDone;
  }
  const json answer = json::parse(*text, nullptr, false);
  if (answer.is_discarded()) return client.fail(corrupt("the coordinator's answer is not JSON"));
  warn_read_only(answer);
  print(answer);
  return kDone;
}

int change_agent(Client& client, const ParsedFlags& flags, const std::string& what) {
  if (flags.arguments().size() != 1) {
    return client.fail(invalid_input(fmt::format("usage: farmctl agents {} AGENT", what)));
  }
  const std::string name = flags.arguments()[0];
  Result<std::unique_ptr<Connection>> connection = client.connect(flags);
  if (!connection) return client.fail(connection.error());
  const char* key = what == "revoke" ? "name" : "agent";
  Result<std::string> done = (*connection)->command(what, {{key, name}});
  if (!done) return client.fail(done.error());
  const char* past = what == "drain" ? "takes no new jobs" : what == "resume" ? "takes jobs again"
                                                                              : "is revoked";
  std::printf("%s %s\n", name.c_str(), past);
  return kDone;
}

}  // namespace

int run_agents(Client& client) {
  std::vector<std::string> words = client.words;
  const std::string what = take_subcommand(words, "list");
  const std::vector<Flag> table = client_flags({});
  Result<ParsedFlags> flags = parse_flags(table, words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("agents", "[list | nodes | drain AGENT | resume AGENT | revoke AGENT]",
                            "agents of the farm", table));
    return kDone;
  }
  if (what == "list") return answer_with(client, *flags, "agents", print_agents);
  if (what == "nodes") return answer_with(client, *flags, "agents", print_nodes);
  if (what == "drain" || what == "resume" || what == "revoke") {
    return change_agent(client, *flags, what);
  }
  return client.fail(invalid_input("farmctl agents knows list, nodes, drain, resume and revoke, not `" +
                                   what + "`"));
}

int run_token(Client& client) {
  std::vector<std::string> words = client.words;
  const std::string what = take_subcommand(words, "list");
  const std::vector<Flag> table = client_flags({
      {"role", FlagKind::Text, "agent (default), viewer, submitter, operator or admin; api: at most "
                               "your own (default)"},
      {"name", FlagKind::Text, "the only name it may enrol; api: what to call it"},
      {"label", FlagKind::List, "key=value for its agent; may be repeated"},
      {"lifetime", FlagKind::Number, "seconds (default 3600; api: 30 days)"},
  });
  Result<ParsedFlags> flags = parse_flags(table, words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("token", "[list | create | api | api-list | api-revoke TOKEN-ID]",
                            "enrolment tokens, and tokens of the HTTP API", table));
    return kDone;
  }
  if (what == "list") return answer_with(client, *flags, "tokens", print_tokens);
  if (what == "api") return create_api_token(client, *flags);
  if (what == "api-list") return answer_with(client, *flags, "api-tokens", print_api_tokens);
  if (what == "api-revoke") return revoke_api_token(client, *flags);
  if (what != "create") {
    return client.fail(invalid_input(
        "farmctl token knows list, create, api, api-list and api-revoke, not `" + what + "`"));
  }
  const Result<bool> as_json = wants_json(*flags);
  if (!as_json) return client.fail(as_json.error());
  const std::string role = flags->text("role");
  const int64_t lifetime = flags->has("lifetime") ? flags->number("lifetime") : 3600;
  Result<std::unique_ptr<Connection>> connection = client.connect(*flags);
  if (!connection) return client.fail(connection.error());
  Result<std::string> text = (*connection)->command(
      "token-create", {{"role", role.empty() ? "agent" : role},
                       {"name", flags->text("name")},
                       {"labels", fmt::format("{}", fmt::join(flags->list("label"), ","))},
                       {"lifetime_seconds", std::to_string(lifetime)}});
  if (!text) return client.fail(text.error());
  const json answer = json::parse(*text, nullptr, false);
  if (!answer.is_object()) return client.fail(corrupt("the coordinator's answer is not JSON"));
  // Only the token on standard output: scripts take it from there.
  std::printf("%s\n", *as_json ? text->c_str() : answer.value("token", "").c_str());
  if (!*as_json && client.output.settings().terminal) {
    std::fprintf(stderr, "valid once, until %s\n", answer.value("expires", "").c_str());
  }
  return kDone;
}

int run_login(Client& client) {
  const std::vector<Flag> table =
      client_flags({{"name", FlagKind::Text, "name to enrol under (default: the user's)"}});
  Result<ParsedFlags> flags = parse_flags(table, client.words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("login", "TOKEN", "join a farm with a token", table));
    return kDone;
  }
  if (flags->arguments().size() != 1) {
    return client.fail(invalid_input("usage: farmctl login TOKEN"));
  }
  std::string name = flags->text("name");
  if (name.empty()) name = client.environment.get_or("USER", "user");
  Result<ClientConfig> config = enrol(client, flags->arguments()[0], name);
  if (!config) return client.fail(config.error());
  Result<void> saved = save_client_config(client.environment, *config);
  if (!saved) return client.fail(saved.error());
  std::printf("joined %s as %s\n", config->control.c_str(), config->name.c_str());
  return kDone;
}

}  // namespace farm::farmctl
