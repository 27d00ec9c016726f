#include "ops/farmctl/client/status_lines.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ops/farmctl/view/table.h"

namespace farm::farmctl {
namespace {

const char* glyph(const std::string& state) {
  if (state == "succeeded") return "v";
  if (state == "failed" || state == "timed_out") return "x";
  if (state == "cancelled") return "-";
  if (state == "running" || state == "preparing" || state == "uploading") return ">";
  return ".";
}

size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

bool over(const std::string& state) {
  return state == "succeeded" || state == "failed" || state == "cancelled" || state == "timed_out";
}

}  // namespace

StatusLines::Row* StatusLines::find(const std::string& id) {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const Row& row) { return row.id == id; });
  return found == rows_.end() ? nullptr : &*found;
}

void StatusLines::add(const std::string& id, const std::string& name) {
  Row row;
  row.id = id;
  row.name = name;
  row.since = clock_.now();
  rows_.push_back(std::move(row));
}

void StatusLines::state(const std::string& id, const std::string& state, const std::string& agent,
                        const std::string& step) {
  Row* row = find(id);
  if (row == nullptr) return;
  if (row->state == "queued" || (over(state) && !over(row->state))) row->since = clock_.now();
  row->state = state;
  if (!agent.empty()) row->agent = agent;
  if (!step.empty()) row->step = step;
}

void StatusLines::step(const std::string& id, const std::string& step) {
  if (Row* row = find(id)) row->step = step;
}

void StatusLines::last_line(const std::string& id, const std::string& line) {
  if (Row* row = find(id)) row->line = line;
}

void StatusLines::draw() {
  if (!on_) return;
  erase();
  const size_t width = terminal_width();
  std::string out;
  for (const Row& row : rows_) {
    const double seconds = static_cast<double>((clock_.now() - row.since).count()) / 1e9;
    std::string text = fmt::format(" {} {:<24} {:<10} {:<10} {:<22}", glyph(row.state), row.name,
                                   row.agent.empty() ? "-" : row.agent, row.state,
                                   over(row.state) ? "" : row.step);
    if (!over(row.state)) text += fmt::format(" {:>8}", human_duration(seconds));
    if (text.size() >= width) text.resize(width - 1);
    out += text + "\n";
    ++drawn_;
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

void StatusLines::erase() {
  if (drawn_ == 0) return;
  const std::string up = fmt::format("\x1b[{}A\x1b[J", drawn_);
  std::fwrite(up.data(), 1, up.size(), stdout);
  drawn_ = 0;
}

}  // namespace farm::farmctl
