// audit, backup: what an operator does to keep a farm well.
#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/audit/entry.h"
#include "ops/farmctl/client/client.h"
#include "ops/farmctl/view/table.h"

namespace farm::farmctl {
namespace {

using nlohmann::json;

Result<json> ask(Connection& connection, const std::string& what,
                 std::map<std::string, std::string> arguments) {
  const std::string text = TRY(connection.query(what, std::move(arguments)));
  json answer = json::parse(text, nullptr, false);
  if (!answer.is_object()) return corrupt("the coordinator's answer is not JSON");
  return answer;
}

void print_entries(const json& entries) {
  std::vector<std::vector<std::string>> rows;
  for (const json& entry : entries) {
    rows.push_back({std::to_string(entry.value("sequence", 0)), entry.value("time", ""),
                    entry.value("actor", ""), entry.value("role", ""), entry.value("action", ""),
                    entry.value("subject", ""), entry.value("outcome", ""),
                    entry.value("detail", "")});
  }
  std::fputs(format_table({"NO", "TIME", "ACTOR", "ROLE", "ACTION", "SUBJECT", "OUTCOME",
                           "DETAIL"},
                          rows)
                 .c_str(),
             stdout);
}

// Reads the log page by page and chains it here: the coordinator's word is not taken for it.
Result<audit::Verifier> verify(Connection& connection) {
  audit::Verifier verifier;
  uint64_t total = 1;
  while (verifier.entries() < total) {
    const json answer =
        TRY(ask(connection, "audit", {{"from", std::to_string(verifier.entries() + 1)}}));
    total = answer.value("total", uint64_t{0});
    const json entries = answer.value("entries", json::array());
    for (const json& line : entries) {
      const audit::Entry entry = TRY(audit::decode(line.dump()));
      TRY(verifier.feed(entry));
    }
    if (entries.empty() && verifier.entries() < total) {
      return corrupt(fmt::format("audit entry {} is missing", verifier.entries() + 1));
    }
  }
  return verifier;
}

int verify_and_tell(Client& client, Connection& connection, const ParsedFlags& flags,
                    bool as_json) {
  const Result<audit::Verifier> verifier = verify(connection);
  const std::string expected = flags.text("head");
  std::string problem = verifier ? "" : verifier.error().message;
  if (!verifier && verifier.error().code != ErrorCode::Corrupt) {
    return client.fail(verifier.error());
  }
  if (problem.empty() && !expected.empty() && expected != verifier->head()) {
    problem = "the log does not end with " + expected + " but with " + verifier->head();
  }
  if (as_json) {
    json out = {{"verified", problem.empty()}, {"problem", problem}};
    if (verifier) {
      out["entries"] = verifier->entries();
      out["head"] = verifier->head();
    }
    std::printf("%s\n", out.dump().c_str());
  } else if (problem.empty()) {
    std::printf("verified %llu entries\nhead %s\n",
                static_cast<unsigned long long>(verifier->entries()), verifier->head().c_str());
  } else {
    std::printf("NOT verified: %s\n", problem.c_str());
  }
  return problem.empty() ? kDone : kBuildFailed;
}

}  // namespace

int run_audit(Client& client) {
  std::vector<std::string> words = client.words;
  std::string what = "list";
  if (!words.empty() && !words[0].starts_with('-')) {
    what = words[0];
    words.erase(words.begin());
  }
  const std::vector<Flag> table = client_flags({
      {"limit", FlagKind::Number, "list: the newest so many (default and most 200)"},
      {"head", FlagKind::Text, "verify: the digest the log must end with"},
  });
  Result<ParsedFlags> flags = parse_flags(table, words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("audit", "[list | verify]", "who did what on this farm", table));
    return kDone;
  }
  if (what != "list" && what != "verify") {
    return client.fail(invalid_input("farmctl audit knows list and verify, not `" + what + "`"));
  }
  const Result<bool> as_json = wants_json(*flags);
  if (!as_json) return client.fail(as_json.error());
  Result<std::unique_ptr<Connection>> connection = client.connect(*flags);
  if (!connection) return client.fail(connection.error());
  if (what == "verify") return verify_and_tell(client, **connection, *flags, *as_json);
  std::map<std::string, std::string> arguments;
  if (flags->has("limit")) arguments["limit"] = std::to_string(flags->number("limit"));
  const Result<json> answer = ask(**connection, "audit", std::move(arguments));
  if (!answer) return client.fail(answer.error());
  if (*as_json) {
    std::printf("%s\n", answer->dump().c_str());
  } else {
    print_entries(answer->value("entries", json::array()));
  }
  return kDone;
}

int run_backup(Client& client) {
  const std::vector<Flag> table = client_flags({});
  Result<ParsedFlags> flags = parse_flags(table, client.words);
  if (!flags) return client.fail(flags.error());
  if (flags->on("help")) {
    client.output.say(usage("backup", "[NAME]",
                            "copy the coordinator's records, files and keys beside them", table));
    return kDone;
  }
  if (flags->arguments().size() > 1) {
    return client.fail(invalid_input("usage: farmctl backup [NAME]"));
  }
  const Result<bool> as_json = wants_json(*flags);
  if (!as_json) return client.fail(as_json.error());
  Result<std::unique_ptr<Connection>> connection = client.connect(*flags);
  if (!connection) return client.fail(connection.error());
  const std::string name = flags->arguments().empty() ? "" : flags->arguments()[0];
  const Result<std::string> text = (*connection)->command("backup", {{"name", name}});
  if (!text) return client.fail(text.error());
  const json answer = json::parse(*text, nullptr, false);
  if (!answer.is_object()) return client.fail(corrupt("the coordinator's answer is not JSON"));
  std::printf("%s\n", *as_json ? text->c_str() : answer.value("directory", "").c_str());
  return kDone;
}

}  // namespace farm::farmctl
