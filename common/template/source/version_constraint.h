// Version constraints as `required_version` and `required_plugins` write them: ">= 1.8, < 2".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace farm::templates {

struct Version {
  std::array<uint64_t, 3> parts{};
  size_t given = 0;  // how many parts were written
  std::string prerelease;
  /// Optional leading v; one to three numbers; optional -pre and +meta. InvalidInput.
  static Result<Version> parse(const std::string& text);
};

class VersionConstraints {
 public:
  /// Comma-separated; operators = != > >= < <= ~>. InvalidInput.
  static Result<VersionConstraints> parse(const std::string& text);
  /// Pre-release parts of `version` are not looked at.
  bool allows(const Version& version) const;
  bool names_prerelease() const;

 private:
  struct Constraint {
    std::string op;
    Version version;
  };
  std::vector<Constraint> constraints_;
};

}  // namespace farm::templates
