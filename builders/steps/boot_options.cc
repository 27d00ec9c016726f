#include "builders/steps/boot_options.h"

#include <fmt/format.h>

#include "builders/core/config.h"
#include "builders/steps/boot_command.h"

namespace farm::builders::steps {
namespace {

// PACKER_KEY_INTERVAL is for slow machines where every template would need the option.
Duration default_interval(const ConfigReader& reader, const PrepareContext& context) {
  const auto text = context.environment.get("PACKER_KEY_INTERVAL");
  if (!text || text->empty()) return std::chrono::milliseconds(100);
  const Result<Duration> parsed = parse_go_duration(*text);
  if (!parsed) {
    reader.findings().errors.push_back("PACKER_KEY_INTERVAL: " + parsed.error().message);
    return std::chrono::milliseconds(100);
  }
  return *parsed;
}

void read_steps(const ConfigReader& reader, BootOptions& options) {
  for (const auto& step : reader.string_lists("boot_steps")) {
    if (step.empty() || step.size() > 2) {
      reader.findings().errors.push_back(
          "boot_steps: each step is a list of one or two strings: keys and a description");
      continue;
    }
    options.pieces.push_back({step[0], step.size() == 2 ? step[1] : ""});
  }
}

void check_pieces(const BootOptions& options, Findings& findings) {
  for (const BootOptions::Piece& piece : options.pieces) {
    const Result<BootCommand> parsed = parse_boot_command(piece.keys);
    if (!parsed) {
      findings.errors.push_back("boot_command: " + parsed.error().message);
      continue;
    }
    for (const std::string& warning : parsed->warnings) {
      findings.warnings.push_back("boot_command: " + warning);
    }
  }
}

}  // namespace

BootOptions read_boot_options(const ConfigReader& reader, const PrepareContext& context) {
  BootOptions options;
  Findings& findings = reader.findings();
  options.wait = reader.duration("boot_wait");
  if (options.wait.count() == 0) options.wait = std::chrono::seconds(10);
  const Duration standard = default_interval(reader, context);
  options.key_interval = reader.duration("boot_key_interval", standard);
  options.keygroup_interval = reader.duration("boot_keygroup_interval", standard);
  options.keygroup_interval_given = reader.has("boot_keygroup_interval");
  options.disable_vnc = reader.boolean("disable_vnc");
  std::string command;
  for (const std::string& part : reader.strings("boot_command")) command += part;
  const bool has_steps = reader.has("boot_steps") && !reader.string_lists("boot_steps").empty();
  if (!command.empty() && has_steps) {
    findings.errors.push_back("boot_command and boot_steps cannot be used together");
  }
  if (!command.empty()) {
    options.pieces.push_back({command, ""});
  } else {
    read_steps(reader, options);
  }
  if (options.disable_vnc && !options.pieces.empty()) {
    findings.errors.push_back("A boot command cannot be used when vnc is disabled.");
  }
  check_pieces(options, findings);
  return options;
}

}  // namespace farm::builders::steps
