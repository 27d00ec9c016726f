// Verb: one word after `farmctl` that runs in this process. What they share is an Invocation.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/environment.h"
#include "ops/farmctl/common/flags.h"
#include "ops/farmctl/common/output.h"

namespace farm::farmctl {

struct Invocation {
  const Environment& environment;
  const Clock& clock;
  Output& output;
  std::string working_directory;
  std::vector<std::string> arguments;  // after the verb
};

// Exit codes of the verbs taken from Packer.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;

int run_validate(Invocation& invocation);
int run_inspect(Invocation& invocation);
int run_console(Invocation& invocation);
int run_fmt(Invocation& invocation);
int run_fix(Invocation& invocation);
int run_hcl2_upgrade(Invocation& invocation);
int run_init(Invocation& invocation);
int run_plugins(Invocation& invocation);
int run_version(Invocation& invocation);
int run_explain(Invocation& invocation);

/// Parses the verb's flags. Prints help or what is wrong and sets `exit_code` when the verb should
/// end; empty then.
struct Usage {
  std::string_view verb;
  std::string_view arguments;
  std::string_view purpose;
  size_t least = 1;
  size_t most = 1;
};
std::optional<ParsedFlags> parse_or_explain(Invocation& invocation, const Usage& usage,
                                            const std::vector<Flag>& table, int& exit_code);

}  // namespace farm::farmctl
