// OutputLines: bytes of a command's output -> whole lines for the Ui. Carriage returns redraw a
// line: only what follows the last one is kept; trailing blanks are cut; a line without end is
// given out after 64 KiB so that a command cannot fill memory.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace farm::builders {

class OutputLines {
 public:
  explicit OutputLines(std::function<void(std::string_view line)> each) : each_(std::move(each)) {}
  void feed(std::string_view bytes);
  /// Gives out what is left without a newline.
  void finish();

 private:
  void give(std::string_view line);
  std::function<void(std::string_view)> each_;
  std::string partial_;
};

}  // namespace farm::builders
