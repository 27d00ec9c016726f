// Ui: what a build says to people. Build output is data: it goes to the job's log, redacted, and
// from there to terminals, files and pages; it is no log of ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace farm::builders {

class Ui {
 public:
  // Thread-safe in a runner: the HTTP server of a build says what guests fetch.
  virtual ~Ui() = default;
  /// "==> name: text".
  virtual void say(std::string_view text) = 0;
  /// "    name: text": output of commands, detail lines. Several lines are split.
  virtual void message(std::string_view text) = 0;
  /// "==> name: text" in red.
  virtual void error(std::string_view text) = 0;
  /// Progress of a transfer; shown on terminals only, rate-limited by the receiver.
  virtual void progress(std::string_view what, uint64_t done, uint64_t total) = 0;
  /// A picture of the machine's screen (PNG): kept beside the lines, shown on demand.
  virtual void picture(std::string_view /*caption*/, std::string_view /*png*/) {}
};

}  // namespace farm::builders
