// Diagnostic: one finding about a user's file, with its place. Template code reports many at once:
// a function takes `Diagnostics&` and returns what it could make, or returns Diagnosed<T>.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace farm {

/// A place in a source text: byte offset from 0, line and column from 1 (columns count grapheme
/// clusters, as HCL's do).
struct SourcePosition {
  uint32_t byte = 0;
  uint32_t line = 1;
  uint32_t column = 1;
  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

/// [start, end) in `file`; `file` is the path as the user would type it, empty for "no place".
struct SourceRange {
  std::string file;
  SourcePosition start;
  SourcePosition end;
  bool known() const { return !file.empty(); }
};

enum class Severity { Error, Warning };

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string summary;  // the reference's words where it has some: scripts match them
  std::string detail;
  std::string hint;                    // "did you mean ...", what to do
  std::string code;                    // "F0203"; may be empty
  std::optional<SourceRange> subject;  // what the caret points at
  std::optional<SourceRange> context;  // the enclosing block, for "in <block>"
  std::string block;                   // e.g. `source "qemu" "base"`; may be empty
};

class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }
  void error(std::string summary, std::string detail,
             std::optional<SourceRange> subject = std::nullopt, std::string hint = {}) {
    add({Severity::Error, std::move(summary), std::move(detail), std::move(hint), {},
         std::move(subject), std::nullopt, {}});
  }
  void warning(std::string summary, std::string detail,
               std::optional<SourceRange> subject = std::nullopt, std::string hint = {}) {
    add({Severity::Warning, std::move(summary), std::move(detail), std::move(hint), {},
         std::move(subject), std::nullopt, {}});
  }
  void append(Diagnostics other) {
    for (Diagnostic& item : other.items_) items_.push_back(std::move(item));
  }
  bool has_errors() const {
    for (const Diagnostic& item : items_) {
      if (item.severity == Severity::Error) return true;
    }
    return false;
  }
  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  const std::vector<Diagnostic>& items() const { return items_; }
  std::vector<Diagnostic>& items() { return items_; }

 private:
  std::vector<Diagnostic> items_;
};

/// A value and what was found on the way. The value is present also beside warnings, and beside
/// errors when the rest of the work can go on with it.
template <class T>
struct Diagnosed {
  std::optional<T> value;
  Diagnostics diagnostics;
  bool ok() const { return value.has_value() && !diagnostics.has_errors(); }
};

/// The nearest of `candidates` to `word` for a did-you-mean, empty when none is near (edit
/// distance at most a third of the word's length, at least 1).
std::string nearest_name(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace farm
