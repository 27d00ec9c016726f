// SurveyDesk: the surveys of a supervisor: one process at a time, started by the zygote like a
// runner, given up when it takes too long. Every order is answered.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "agent/spool/survey_directory.h"
#include "agent/supervisor/zygote.h"
#include "common/base/clock.h"

namespace farm::agent {

class SurveyDesk {
 public:
  /// `directory` need not exist.
  SurveyDesk(std::string directory, Zygote& zygote, const Clock& clock)
      : directory_(std::move(directory)), zygote_(zygote), clock_(clock) {}

  /// One that nobody asked for is left out while another waits or runs.
  void order(wire::SurveyOrder order);
  /// Whether the zygote's report was about a survey.
  bool take(ZygoteReport& report);
  /// No further report will come.
  void zygote_gone();
  /// Ends what is late and starts what waits; the surveys that have been answered.
  std::deque<wire::Survey> advance();
  /// When advance() is to be called although the zygote is quiet.
  std::optional<Instant> deadline() const;

 private:
  void start();
  void end();
  void answer_without(const std::string& why);

  SurveyDirectory directory_;
  Zygote& zygote_;
  const Clock& clock_;
  std::deque<wire::SurveyOrder> waiting_;
  std::deque<wire::Survey> answered_;
  bool running_ = false;
  bool zygote_alive_ = true;
  wire::SurveyOrder current_;
  ControlChannel control_;  // the runner ends when its end is closed; nothing is said over it
  pid_t pid_ = -1;
  io::Fd pidfd_;
  std::optional<Instant> deadline_;
};

}  // namespace farm::agent
