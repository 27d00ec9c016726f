// -only and -except over the jobs of a plan, and what to say when a pattern matched nothing.
#pragma once

#include <string>
#include <vector>

#include "common/base/diagnostic.h"
#include "common/plan/planner.h"

namespace farm::plan {

class JobFilter {
 public:
  enum class Match { Glob, Exact };
  JobFilter(const PlanOptions& options, Match match);

  /// Whether the job called `name` is wanted. Remembers the name and what matched.
  bool wants(const std::string& name);
  /// Whether a post-processor is skipped by -except. `name` may be empty.
  bool skips_post_processor(const std::string& name, const std::string& type);
  /// Warnings about patterns without a match.
  void report_unmatched(Diagnostics& diagnostics) const;

 private:
  bool matches(const std::string& pattern, const std::string& name) const;

  std::vector<std::string> only_;
  std::vector<std::string> except_;
  Match match_;
  size_t only_matches_ = 0;
  size_t except_matches_ = 0;
  std::vector<std::string> names_;
};

}  // namespace farm::plan
