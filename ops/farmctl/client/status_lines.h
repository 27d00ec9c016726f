// StatusLines: one line per job at the bottom of a terminal, redrawn in place. Off it draws nothing.
#pragma once

#include <string>
#include <vector>

#include "common/base/clock.h"

namespace farm::farmctl {

class StatusLines {
 public:
  StatusLines(const Clock& clock, bool on) : clock_(clock), on_(on) {}
  void add(const std::string& id, const std::string& name);
  void state(const std::string& id, const std::string& state, const std::string& agent,
             const std::string& step);
  void step(const std::string& id, const std::string& step);
  void last_line(const std::string& id, const std::string& line);
  /// Draws the lines below the cursor; erase() takes them away before other output.
  void draw();
  void erase();

 private:
  struct Row {
    std::string id;
    std::string name;
    std::string state = "queued";
    std::string agent;
    std::string step;
    std::string line;
    Instant since;
  };
  Row* find(const std::string& id);
  const Clock& clock_;
  bool on_;
  std::vector<Row> rows_;
  int drawn_ = 0;
};

}  // namespace farm::farmctl
