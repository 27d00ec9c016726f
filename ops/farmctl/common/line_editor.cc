#include "ops/farmctl/common/line_editor.h"

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <dlfcn.h>

namespace farm::farmctl {

LineEditor::LineEditor() {
  library_ = ::dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) return;
  read_line_ = reinterpret_cast<ReadLine>(::dlsym(library_, "readline"));
  add_history_ = reinterpret_cast<AddHistory>(::dlsym(library_, "add_history"));
  // It measures characters by the locale.
  std::setlocale(LC_CTYPE, "");
}

// The library keeps the terminal's state in statics: it stays loaded.
LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  if (read_line_ == nullptr) {
    std::fputs(prompt.c_str(), stdout);
    std::fflush(stdout);
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
  char* const text = read_line_(prompt.c_str());
  if (text == nullptr) return std::nullopt;
  std::string line(text);
  std::free(text);  // NOLINT: the library gave it with malloc
  if (!line.empty() && add_history_ != nullptr) add_history_(line.c_str());
  return line;
}

}  // namespace farm::farmctl
