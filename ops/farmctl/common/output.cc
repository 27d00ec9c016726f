#include "ops/farmctl/common/output.h"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

namespace farm::farmctl {
namespace {

// Shorter secrets would ruin every line they happen to occur in, and still be guessed from it.
constexpr size_t kShortestSecret = 3;

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

void add_secret(std::string_view text, std::vector<std::string>& secrets) {
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (text.size() >= kShortestSecret) secrets.emplace_back(text);
}

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
  for (const std::string& field : fields) line += "," + escaped(without_secrets(field));
  write_out(line + "\n");
}

void Output::write(const std::string& text) const { write_out(without_secrets(text)); }

void Output::hide(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    add_secret(secret, secrets_);
    for (size_t at = 0; at < secret.size();) {
      const size_t end = std::min(secret.find('\n', at), secret.size());
      add_secret(std::string_view(secret).substr(at, end - at), secrets_);
      at = end + 1;
    }
  }
  std::sort(secrets_.begin(), secrets_.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  secrets_.erase(std::unique(secrets_.begin(), secrets_.end()), secrets_.end());
}

std::string Output::without_secrets(std::string_view text) const {
  std::string shown(text);
  for (const std::string& secret : secrets_) {
    constexpr std::string_view kInstead = "<sensitive>";
    for (size_t at = shown.find(secret); at != std::string::npos;
         at = shown.find(secret, at + kInstead.size())) {
      shown.replace(at, secret.size(), kInstead);
    }
  }
  return shown;
}

void Output::say(const std::string& text) {
  if (settings_.machine_readable) {
    machine_line("ui", {"say", text});
  } else {
    write(text + "\n");
  }
}

void Output::error(const std::string& text) {
  if (settings_.machine_readable) {
    machine_line("ui", {"error", text});
  } else {
    write(text + "\n");
  }
}

void Output::raw(const std::string& text) { write(text); }

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
  write(draw_diagnostics(found, texts, form));
}

}  // namespace farm::farmctl
