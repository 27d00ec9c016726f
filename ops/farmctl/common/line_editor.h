// LineEditor: lines from a terminal with editing and history. The editing library is loaded when
// the first line is wanted, so that no other verb pays for it; without it plain lines are read.
#pragma once

#include <optional>
#include <string>

namespace farm::farmctl {

class LineEditor {
 public:
  LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;
  ~LineEditor();

  /// The next line without its end; empty at the end of the input (Ctrl-D).
  std::optional<std::string> read(const std::string& prompt);
  /// Whether lines can be edited.
  bool edits() const { return read_line_ != nullptr; }

 private:
  // readline() and add_history() of libedit.
  using ReadLine = char* (*)(const char*);
  using AddHistory = int (*)(const char*);
  void* library_ = nullptr;
  ReadLine read_line_ = nullptr;
  AddHistory add_history_ = nullptr;
};

}  // namespace farm::farmctl
