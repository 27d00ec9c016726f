// BuildOutput: everything `farmctl build` prints about running builds, on standard output and in
// the shape of `packer build` (cli.md sections 3 and 6), so that people and log scrapers see what
// they know. HumanOutput is for people, MachineOutput for -machine-readable.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/wire/log_record.h"
#include "common/wire/message.h"

namespace farm::farmctl {

/// How one job ended, for the summary.
struct EndedBuild {
  std::string name;
  bool succeeded = false;
  std::string error;  // unless succeeded
  std::vector<wire::ArtifactRecord> artifacts;
};

class BuildOutput {
 public:
  virtual ~BuildOutput() = default;
  /// Once, before anything else about builds: their names in template order.
  virtual void begin(const std::vector<std::string>& names) = 0;
  virtual void record(const std::string& name, const wire::LogRecord& record) = 0;
  virtual void ended(const EndedBuild& build, Duration elapsed) = 0;
  /// A line about one build that is not in its log.
  virtual void notice(const std::string& name, const std::string& text) = 0;
  /// A line about the whole run.
  virtual void say(const std::string& text) = 0;
  virtual void error(const std::string& text) = 0;
  /// Wait time, errors block, artifacts; in template order.
  virtual void summary(const std::vector<EndedBuild>& builds, Duration elapsed,
                       bool interrupted) = 0;
  /// Hands what was printed to the descriptor. Called whenever the program is about to wait.
  virtual void flush() = 0;
};

struct OutputOptions {
  int fd = 1;
  bool color = false;
  bool timestamps = false;  // -timestamp-ui
  bool progress = false;    // a terminal
  const Clock* clock = nullptr;
};

std::unique_ptr<BuildOutput> human_output(const OutputOptions& options);
std::unique_ptr<BuildOutput> machine_output(const OutputOptions& options);

/// The name that lines carry while a post-processor runs: "NAME (TYPE)". Fed with every record.
class LineTarget {
 public:
  const std::string& target(const std::string& name, const wire::LogRecord& record);

 private:
  std::map<std::string, std::string> current_;  // name -> shown name
};

/// Collects output and writes it in large pieces; errors of a closed pipe are swallowed once.
class OutputBuffer {
 public:
  explicit OutputBuffer(int fd) : fd_(fd) {}
  void add(std::string_view text);
  void flush();

 private:
  int fd_;
  std::string pending_;
};

}  // namespace farm::farmctl
