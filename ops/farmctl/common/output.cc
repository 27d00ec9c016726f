#include "ops/farmctl/common/output.h"

#include <cstdio>

#include <unistd.h>

namespace farm::farmctl {
namespace {

std::string escaped(const std::string& field) {
  std::string text;
  for (const char c : field) {
    if (c == ',') {
      text += "%!(PACKER_COMMA)";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\r') {
      text += "\\r";
    } else {
      text += c;
    }
  }
  return text;
}

void write_out(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

bool is_on(const std::optional<std::string>& text) { return text && !text->empty(); }

}  // namespace

Output::Settings Output::settings(const Environment& environment, bool machine_readable) {
  Settings settings;
  settings.machine_readable = machine_readable;
  settings.terminal = ::isatty(STDOUT_FILENO) == 1;
  const std::optional<std::string> forced = environment.get("CLICOLOR_FORCE");
  const bool refused = is_on(environment.get("NO_COLOR")) ||
                       environment.get("PACKER_NO_COLOR").has_value() ||
                       environment.get_or("TERM", "") == "dumb";
  settings.color = (settings.terminal && !refused) || (is_on(forced) && *forced != "0");
  if (machine_readable) settings.color = false;
  return settings;
}

void Output::machine_line(const std::string& type, const std::vector<std::string>& fields) {
  std::string line = std::to_string(clock_.wall().unix_seconds()) + ",," + type;
  for (const std::string& field : fields) line += "," + escaped(field);
  write_out(line + "\n");
}

void Output::say(const std::string& text) {
  if (settings_.machine_readable) {
    machine_line("ui", {"say", text});
  } else {
    write_out(text + "\n");
  }
}

void Output::error(const std::string& text) {
  if (settings_.machine_readable) {
    machine_line("ui", {"error", text});
  } else {
    write_out(text + "\n");
  }
}

void Output::raw(const std::string& text) { write_out(text); }

void Output::record(const std::string& type, const std::vector<std::string>& fields) {
  if (settings_.machine_readable) machine_line(type, fields);
}

void Output::diagnostics(const Diagnostics& found, const templates::SourceTexts& texts) {
  if (found.empty()) return;
  if (settings_.machine_readable) {
    const std::string text = draw_diagnostics(found, texts, DiagnosticForm::Plain);
    machine_line("ui", {found.has_errors() ? "error" : "say", text});
    return;
  }
  DiagnosticForm form = DiagnosticForm::Plain;
  if (settings_.terminal) form = DiagnosticForm::Drawn;
  if (settings_.color) form = DiagnosticForm::DrawnInColor;
  write_out(draw_diagnostics(found, texts, form));
}

}  // namespace farm::farmctl
