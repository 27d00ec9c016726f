#include "agent/supervisor/survey_desk.h"

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/log.h"

namespace farm::agent {
namespace {

// A removal may wait for a task of the provider.
constexpr Duration kSurveyLimit = std::chrono::minutes(3);

}  // namespace

void SurveyDesk::order(wire::SurveyOrder order) {
  if (order.request.empty() && (running_ || !waiting_.empty())) return;
  waiting_.push_back(std::move(order));
}

bool SurveyDesk::take(ZygoteReport& report) {
  if (report.kind == ZygoteReport::Kind::Exited) {
    if (!running_ || pid_ != report.pid) return false;
    end();
    return true;
  }
  if (report.directory != directory_.path()) return false;
  if (report.kind == ZygoteReport::Kind::NotStarted) {
    if (running_) answer_without("the survey could not be started: " + report.error);
    return true;
  }
  pid_ = report.pid;
  pidfd_ = std::move(report.pidfd);
  return true;
}

void SurveyDesk::zygote_gone() {
  zygote_alive_ = false;
  if (running_) answer_without("the zygote process is gone; the agent must restart");
}

std::optional<Instant> SurveyDesk::deadline() const {
  if (!answered_.empty() || (!running_ && !waiting_.empty())) return clock_.now();
  return running_ ? deadline_ : std::nullopt;
}

std::deque<wire::Survey> SurveyDesk::advance() {
  if (running_ && deadline_ && *deadline_ <= clock_.now()) {
    if (pidfd_.valid()) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    answer_without("the survey took too long");
  }
  while (!running_ && !waiting_.empty()) start();
  return std::exchange(answered_, {});
}

void SurveyDesk::start() {
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  running_ = true;
  if (!zygote_alive_) return answer_without("the zygote process is gone; the agent must restart");
  Result<void> started = directory_.write_order(current_);
  if (started) {
    auto channel = ControlChannel::pair();
    if (channel) {
      control_ = std::move(channel->first);
      started = zygote_.start(directory_.path(), std::move(channel->second));
    } else {
      started = channel.error();
    }
  }
  if (!started) return answer_without(started.error().message);
  deadline_ = clock_.now() + kSurveyLimit;
}

void SurveyDesk::end() {
  Result<wire::Survey> survey = directory_.answer();
  if (!survey) return answer_without("the survey ended without an answer");
  survey->request = current_.request;
  answered_.push_back(*std::move(survey));
  running_ = false;
  pid_ = -1;
  pidfd_.reset();
  control_.close();
}

void SurveyDesk::answer_without(const std::string& why) {
  log::warn("no survey", {{"reason", why}});
  wire::Survey survey;
  survey.request = current_.request;
  survey.removed = current_.remove;
  for (wire::MarkedThing& thing : survey.removed) thing.error = why;
  wire::ProviderView nothing;
  nothing.error = why;
  survey.views.push_back(std::move(nothing));
  answered_.push_back(std::move(survey));
  running_ = false;
  pid_ = -1;
  pidfd_.reset();
  control_.close();
}

}  // namespace farm::agent
