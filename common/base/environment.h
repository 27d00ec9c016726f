// Environment: the variables of the process behind a value, so that planning and tests see just
// what they were given.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace farm {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> variables)
      : variables_(std::move(variables)) {}
  /// The variables of this process, read once. For main only.
  static Environment of_process();

  std::optional<std::string> get(const std::string& name) const;
  std::string get_or(const std::string& name, std::string other) const;
  void set(std::string name, std::string value) {
    variables_[std::move(name)] = std::move(value);
  }
  const std::map<std::string, std::string>& all() const { return variables_; }

 private:
  std::map<std::string, std::string> variables_;
};

}  // namespace farm
