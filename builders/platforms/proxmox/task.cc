// Tasks of the Proxmox API: long calls answer with a UPID, whose status and log are polled here.
#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "builders/platforms/proxmox/api_error.h"
#include "builders/platforms/proxmox/client.h"
#include "common/base/log.h"

namespace farm::builders::platform_proxmox {
namespace {

constexpr Duration kFirstPoll = std::chrono::milliseconds(100);
constexpr Duration kLongestPoll = std::chrono::seconds(2);
// Short tasks are not worth a second request each time.
constexpr Duration kQuiet = std::chrono::seconds(3);
constexpr const char* kLogPage = "500";

std::vector<std::string> fields_of(const std::string& upid) {
  std::vector<std::string> fields;
  size_t from = 0;
  while (from <= upid.size()) {
    const size_t colon = std::min(upid.find(':', from), upid.size());
    fields.push_back(upid.substr(from, colon - from));
    from = colon + 1;
  }
  return fields;
}

}  // namespace

struct Client::Task {
  std::string upid;
  std::string path;  // /nodes/NODE/tasks/UPID
  std::string type;
  int64_t lines_told = 0;
};

// The exit status, empty while the task runs.
Result<std::string> Client::poll(Task& task, const CancelToken& cancel) {
  const Json status = TRY(get(task.path + "/status", {}, cancel));
  if (status.is_null()) return std::string("OK");
  std::string exit = text_of(status, "exitstatus");
  if (exit.empty() && text_of(status, "status") == "stopped") return std::string("no exit status");
  return exit;
}

void Client::tell_log(Task& task, const CancelToken& cancel) {
  const Result<Json> lines = get(task.path + "/log",
                                 {{"start", std::to_string(task.lines_told)}, {"limit", kLogPage}},
                                 cancel);
  if (!lines || !lines->is_array()) return;
  for (const Json& line : *lines) {
    const int64_t number = number_of(line, "n");
    if (number <= task.lines_told) continue;
    const std::string text = text_of(line, "t");
    // What an empty log says, and what its end says; neither is news.
    if (text != "no content" && !text.starts_with("TASK OK")) ui_.message(text);
    task.lines_told = number;
  }
}

void Client::stop_task(const Task& task) {
  const CancelToken fresh;  // the build's own is cancelled already
  const Result<Json> stopped = remove(task.path, {}, fresh);
  if (!stopped) {
    log::warn("task not stopped", {{"upid", task.upid}, {"error", stopped.error().message}});
  }
}

Result<void> Client::wait(const Json& data, const CancelToken& cancel) {
  if (!data.is_string() || !data.get<std::string>().starts_with("UPID:")) return {};
  Task task;
  task.upid = data.get<std::string>();
  const std::vector<std::string> fields = fields_of(task.upid);
  if (fields.size() < 8) return corrupt("the API names no task: " + task.upid);
  task.path = "/nodes/" + fields[1] + "/tasks/" + net::percent_encode(task.upid);
  task.type = fields[5];
  const Instant start = clock_.now();
  const Instant deadline = start + access_.task_timeout;
  Duration pause = kFirstPoll;
  while (true) {
    const Result<std::string> exit = poll(task, cancel);
    if (!exit && (exit.error().code == ErrorCode::Cancelled || !exit.error().retryable)) {
      if (exit.error().code == ErrorCode::Cancelled) stop_task(task);
      return exit.error();
    }
    const bool told = task.lines_told > 0 || clock_.now() - start > kQuiet;
    const bool ok = exit && (exit->starts_with("OK") || exit->starts_with("WARNINGS"));
    const bool over = exit && !exit->empty();
    if ((over && (!ok || told || exit->starts_with("WARNINGS"))) || (!over && told)) {
      tell_log(task, cancel);
    }
    if (over) return ok ? Result<void>() : Result<void>(task_error(task.type, *exit));
    if (clock_.now() >= deadline) {
      tell_log(task, cancel);
      stop_task(task);
      return timed_out(fmt::format(
          "task {} did not end within task_timeout ({} s); it was stopped. Large disks and ISOs "
          "need a longer task_timeout",
          task.type, std::chrono::duration_cast<std::chrono::seconds>(access_.task_timeout).count()));
    }
    if (!cancel.sleep(std::min(pause, std::max(deadline - clock_.now(), Duration{1})))) {
      stop_task(task);
      return cancelled("cancelled");
    }
    pause = std::min(pause * 2, kLongestPoll);
  }
}

}  // namespace farm::builders::platform_proxmox
