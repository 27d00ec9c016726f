// ConfigReader: typed access to a component's rendered config. The plan has already checked names
// and types against the option table; what remains wrong here (a bad duration, an enum value that
// came out of a {{ }} expression) is collected in Findings.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "builders/core/component.h"
#include "common/base/clock.h"
#include "common/value/value.h"

namespace farm::builders {

class ConfigReader {
 public:
  /// Both must outlive the reader. `config` is an object, or null for "no options". `file` is the
  /// component's source file, by which the tests' option coverage tells who reads an option.
  ConfigReader(const value::Value& config, Findings& findings,
               const char* file = __builtin_FILE())
      : config_(config), findings_(findings), file_(file) {}

  /// The option's value; nullptr when absent, null or unknown.
  const value::Value* find(const std::string& name) const;
  bool has(const std::string& name) const { return find(name) != nullptr; }
  /// Absent gives `other`. A value of another type is converted; failing that it is a finding.
  std::string string(const std::string& name, std::string other = {}) const;
  bool boolean(const std::string& name, bool other = false) const;
  std::optional<bool> tribool(const std::string& name) const;
  int64_t integer(const std::string& name, int64_t other = 0) const;
  /// Go duration text ("1m30s") or integer nanoseconds.
  Duration duration(const std::string& name, Duration other = Duration{0}) const;
  std::vector<std::string> strings(const std::string& name) const;
  std::vector<int64_t> integers(const std::string& name) const;
  std::vector<std::vector<std::string>> string_lists(const std::string& name) const;
  std::map<std::string, std::string> string_map(const std::string& name) const;
  /// The objects of a block option: none, one or several.
  std::vector<value::Value> blocks(const std::string& name) const;
  /// Finding unless the string option is empty or one of `allowed`.
  void require_one_of(const std::string& name, const std::vector<std::string>& allowed) const;
  Findings& findings() const { return findings_; }

 private:
  template <class T>
  T mistyped(const std::string& name, const Error& error, T other) const;
  const value::Value& config_;
  Findings& findings_;
  const char* file_;
};

/// Go duration text: "300ms", "1.5h", "1h5m", "-1s", "0". InvalidInput in Go's words.
Result<Duration> parse_go_duration(const std::string& text);
/// As Go prints durations: "5m0s", "1.5s", "0s".
std::string format_go_duration(Duration duration);

}  // namespace farm::builders
