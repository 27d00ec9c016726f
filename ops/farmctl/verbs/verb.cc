#include "ops/farmctl/verbs/verb.h"

namespace farm::farmctl {

std::optional<ParsedFlags> parse_or_explain(Invocation& invocation, const Usage& words,
                                            const std::vector<Flag>& table, int& exit_code) {
  const std::string help = usage(words.verb, words.arguments, words.purpose, table);
  Result<ParsedFlags> parsed = parse_flags(table, invocation.arguments);
  if (!parsed) {
    invocation.output.error(parsed.error().message + "\n\n" + help);
    exit_code = kFailure;
    return std::nullopt;
  }
  if (parsed->on("help")) {
    invocation.output.say(help);
    exit_code = kSuccess;
    return std::nullopt;
  }
  const size_t given = parsed->arguments().size();
  if (given < words.least || given > words.most) {
    const std::vector<std::string>& arguments = parsed->arguments();
    std::string problem;
    if (given > words.most) {
      problem = "Unexpected argument \"" + arguments[words.most] + "\"";
      if (arguments[words.most].starts_with("-")) problem += ": flags stand before the path";
      problem += ".\n\n";
    }
    invocation.output.error(problem + help);
    exit_code = kFailure;
    return std::nullopt;
  }
  return std::move(parsed).value();
}

}  // namespace farm::farmctl
