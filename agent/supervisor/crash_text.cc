#include <csignal>
#include <cstring>
#include <deque>
#include <sys/wait.h>

#include "agent/supervisor/supervisor.h"
#include "common/io/files.h"
#include "common/wire/log_record.h"

namespace farm::agent {
namespace {

constexpr size_t kLastLines = 5;
constexpr uint64_t kLargestLog = 64U << 20;

std::string cause_of(std::optional<int> wait_status) {
  if (!wait_status) {
    return "The build's runner process is gone; it ended while no supervisor watched it";
  }
  if (WIFSIGNALED(*wait_status)) {
    const int number = WTERMSIG(*wait_status);
    const char* name = ::sigabbrev_np(number);
    std::string text = "The build's runner process was killed by signal " +
                       std::to_string(number) + " (SIG" + (name == nullptr ? "?" : name) + ")";
    if (number == SIGKILL) text += ", perhaps for lack of memory";
    return text;
  }
  return "The build's runner process ended with exit code " +
         std::to_string(WEXITSTATUS(*wait_status)) + " and left no result";
}

}  // namespace

std::string crash_text(std::optional<int> wait_status, const std::string& log_path) {
  std::string text = cause_of(wait_status);
  const Result<std::string> log = io::read_file(log_path, kLargestLog);
  if (!log) return text + ".";
  std::deque<std::string> lines;
  wire::read_records(*log, [&lines](const wire::LogRecord& record) {
    if (record.kind == wire::LogKind::Progress || record.kind == wire::LogKind::Step ||
        record.kind == wire::LogKind::Picture) {
      return;
    }
    lines.emplace_back(record.text);
    if (lines.size() > kLastLines) lines.pop_front();
  });
  if (lines.empty()) return text + ".";
  text += ". Its last lines:";
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

}  // namespace farm::agent
