// Output of the verbs taken from Packer: lines on standard output, or -machine-readable records.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/environment.h"
#include "ops/farmctl/common/diagnostic_printer.h"

namespace farm::farmctl {

class Output {
 public:
  struct Settings {
    bool machine_readable = false;
    bool terminal = false;  // standard output is one
    bool color = false;
  };
  /// What this process should do: terminal test, NO_COLOR, CLICOLOR_FORCE, PACKER_NO_COLOR, TERM.
  static Settings settings(const Environment& environment, bool machine_readable);

  Output(const Settings& settings, const Clock& clock) : settings_(settings), clock_(clock) {}

  /// A line of the user interface; a newline is added.
  void say(const std::string& text);
  /// Like say(), as an error record in machine-readable mode.
  void error(const std::string& text);
  /// Bytes as they are (results of fmt, fix, console).
  void raw(const std::string& text);
  /// A machine-readable record; nothing in human mode. `fields` are separated by commas.
  void record(const std::string& type, const std::vector<std::string>& fields);
  /// Errors and warnings in the form that fits where the output goes.
  void diagnostics(const Diagnostics& found, const templates::SourceTexts& texts);

  /// From here on these texts, and their lines, are written as "<sensitive>".
  void hide(const std::vector<std::string>& secrets);

  const Settings& settings() const { return settings_; }

 private:
  void machine_line(const std::string& type, const std::vector<std::string>& fields);
  void write(const std::string& text) const;
  std::string without_secrets(std::string_view text) const;

  Settings settings_;
  const Clock& clock_;
  std::vector<std::string> secrets_;  // longest first
};

}  // namespace farm::farmctl
