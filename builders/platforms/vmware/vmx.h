// Vmx: the configuration file of a VMware machine: lines of key = "value". Keys are compared without
// case, as VMware does, and written in the order they were read or added.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace farm::builders::vmware {

class Vmx {
 public:
  /// Comments and lines of another form are left out, as VMware drops them when it saves.
  static Vmx parse(std::string_view text);
  static Result<Vmx> load(const std::string& path);
  Result<void> save(const std::string& path) const;
  std::string text() const;

  /// Empty when the key is not there.
  std::string get(std::string_view key) const;
  bool has(std::string_view key) const;
  void set(const std::string& key, std::string value);
  void erase(std::string_view key);
  /// Every key that begins so.
  void erase_prefix(std::string_view prefix);
  std::vector<std::string> keys() const;  // lower case

 private:
  struct Line {
    std::string key;  // as written
    std::string value;
  };
  std::vector<Line> lines_;
  std::map<std::string, size_t> index_;  // lower-case key -> line
};

}  // namespace farm::builders::vmware
