// SpoolUi: the Ui of a runner: redacts, turns lines into log records, appends them to the lease's
// log and wakes the supervisor. The spool is the truth; nothing waits for a reader.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "agent/runner/redactor.h"
#include "agent/spool/control_channel.h"
#include "builders/core/ui.h"
#include "common/base/clock.h"
#include "common/io/fd.h"
#include "common/wire/log_record.h"

namespace farm::agent {

class SpoolUi final : public builders::Ui {
 public:
  /// `redactor`, `control` and `clock` must outlive the object. A torn last record of an earlier
  /// writer is cut.
  static Result<SpoolUi> open(const std::string& path, const Redactor& redactor,
                              ControlChannel& control, const Clock& clock);

  void say(std::string_view text) override { lines(wire::LogKind::Say, text); }
  void message(std::string_view text) override { lines(wire::LogKind::Detail, text); }
  void error(std::string_view text) override { lines(wire::LogKind::Error, text); }
  void progress(std::string_view what, uint64_t done, uint64_t total) override;
  void picture(std::string_view caption, std::string_view png) override;
  /// A step of the job begins. While the step is named "post-processor TYPE", readers show the
  /// job's name as "NAME (TYPE)".
  void step(std::string_view name) { lines(wire::LogKind::Step, name); }

  uint64_t bytes() const { return bytes_; }
  std::string redact(std::string_view text) const { return redactor().redact(text); }
  /// From now on; `redactor` must outlive the object, and so must the one before it.
  void use(const Redactor& redactor) { std::atomic_ref(redactor_).store(&redactor); }

 private:
  SpoolUi(io::Fd file, const Redactor& redactor, ControlChannel& control, const Clock& clock)
      : file_(std::move(file)), redactor_(&redactor), control_(&control), clock_(&clock) {}
  void lines(wire::LogKind kind, std::string_view text);
  const Redactor& redactor() const { return *std::atomic_ref(redactor_).load(); }
  void append(const std::string& records);
  void append_locked(const std::string& records);

  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // decision 0010
  io::Fd file_;
  mutable const Redactor* redactor_;
  ControlChannel* control_;
  const Clock* clock_;
  Instant next_progress_{0};
  uint64_t bytes_ = 0;
  bool failed_ = false;  // the disk was full: said once, the build goes on
};

/// Step name prefix of post-processors, see SpoolUi::step.
inline constexpr std::string_view kPostProcessorStep = "post-processor ";

}  // namespace farm::agent
