// keys: who has which key, and how keys are changed while builds run.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/io/files.h"
#include "ops/farmctl/client/client.h"
#include "ops/farmctl/view/table.h"

namespace farm::farmctl {
namespace {

using nlohmann::json;

void print_keys(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& line : answer.value("keys", json::array())) {
    const std::string old_key = line.value("old_key", "");
    rows.push_back({line.value("name", ""), line.value("role", ""), line.value("key", ""),
                    old_key.empty() ? "-" : old_key + " until " + line.value("old_until", ""),
                    line.value("asked", false) ? "asked" : "-", line.value("door", "-")});
  }
  std::fputs(format_table({"NAME", "ROLE", "KEY", "OLD KEY", "NEW KEY", "DOOR"}, rows).c_str(),
             stdout);
  const json coordinator = answer.value("coordinator", json::object());
  std::printf("coordinator %s at %s%s\n", coordinator.value("server_key", "").c_str(),
              coordinator.value("control", "").c_str(),
              coordinator.value("moving", false) ? " (new; the old key is still served)" : "");
}

Result<json> object_of(const std::string& text) {
  json answer = json::parse(text, nullptr, false);
  if (!answer.is_object()) return corrupt("the coordinator's answer is not JSON");
  return answer;
}

/// A new key of this user. On disk before the coordinator hears of it; a try that was broken off is
/// gone on with.
Result<void> renew_own(Client& client, const ParsedFlags& flags) {
  const std::string path = client_key_path(client.environment);
  const net::CurveKeys fresh = TRY(net::load_or_create_curve_keys(path + ".next"));
  std::unique_ptr<Connection> connection = TRY(client.connect(flags));
  TRY(connection->command("key-replace", {{"key", fresh.public_key}}));
  TRY(io::move_file(path + ".next", path, CancelToken()));
  return io::sync_directory(io::parent_path(path));
}

/// Where the coordinator is reached with its new key, kept for the next command.
Result<void> adopt(Client& client, const json& coordinator) {
  ClientConfig config = TRY(load_client_config(client.environment, ""));
  config.control = coordinator.value("control", "");
  config.bulk = coordinator.value("bulk", "");
  config.server_key = coordinator.value("server_key", "");
  if (config.control.empty() || config.bulk.empty() || config.server_key.empty()) {
    return corrupt("the coordinator does not say where it is reached");
  }
  return save_client_config(client.environment, config);
}

Result<void> change_coordinator(Client& client, const ParsedFlags& flags, const char* command) {
  std::unique_ptr<Connection> connection = TRY(client.connect(flags));
  const std::string text = TRY(connection->command(command, {}));
  const json answer = TRY(object_of(text));
  TRY(adopt(client, answer));
  std::printf("%s\n", answer.value("server_key", "").c_str());
  return {};
}

Result<void> renew_agent(Client& client, const ParsedFlags& flags) {
  std::unique_ptr<Connection> connection = TRY(client.connect(flags));
  const std::string& name = flags.arguments()[0];
  TRY(connection->command("key-renew", {{"agent", name}}));
  std::printf("%s is asked for a new key\n", name.c_str());
  return {};
}

Result<void> list(Client& client, const ParsedFlags& flags, bool adopting) {
  const bool as_json = TRY(wants_json(flags));
  std::unique_ptr<Connection> connection = TRY(client.connect(flags));
  const std::string text = TRY(connection->query(adopting ? "endpoints" : "keys", {}));
  const json answer = TRY(object_of(text));
  if (adopting) return adopt(client, answer);
  if (as_json) {
    std::printf("%s\n", text.c_str());
  } else {
    print_keys(answer);
  }
  return {};
}

}  // namespace

int run_keys(Client& client) {
  std::vector<std::string> words = client.words;
  std::string what = "list";
  if (!words.empty() && !words[0].starts_with('-')) {
    what = words[0];
    words.erase(words.begin());
  }
  const std::vector<Flag> table = client_flags({
      {"coordinator-key", FlagKind::Switch, "renew: the coordinator's own key"},
  });
  Result<ParsedFlags> flags = parse_flags(table, words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("keys", "[list | renew [AGENT] | finish | adopt]",
                            "keys; renew: your own, an agent's, or the coordinator's", table));
    return kDone;
  }
  const size_t names = flags->arguments().size();
  Result<void> done;
  if (what == "list" && names == 0) {
    done = list(client, *flags, false);
  } else if (what == "adopt" && names == 0) {
    done = list(client, *flags, true);
  } else if (what == "renew" && flags->on("coordinator-key") && names == 0) {
    done = change_coordinator(client, *flags, "key-renew-coordinator");
  } else if (what == "renew" && names == 0) {
    done = renew_own(client, *flags);
  } else if (what == "renew" && names == 1 && !flags->on("coordinator-key")) {
    done = renew_agent(client, *flags);
  } else if (what == "finish" && names == 0) {
    done = change_coordinator(client, *flags, "key-finish-coordinator");
  } else {
    done = invalid_input("farmctl keys knows list, renew [AGENT | --coordinator-key], finish and adopt");
  }
  return done ? kDone : client.fail(done.error());
}

}  // namespace farm::farmctl
