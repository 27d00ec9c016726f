#include "common/plan/job_filter.h"

#include <algorithm>

#include "common/plan/glob.h"

namespace farm::plan {
namespace {

std::vector<std::string> without_empty(const std::vector<std::string>& patterns) {
  std::vector<std::string> kept;
  for (const std::string& pattern : patterns) {
    if (!pattern.empty()) kept.push_back(pattern);
  }
  return kept;
}

// How many names a warning lists before it stops.
constexpr size_t kListedNames = 20;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < kListedNames; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kListedNames) {
    text += " and " + std::to_string(names.size() - kListedNames) + " more";
  }
  return text;
}

}  // namespace

JobFilter::JobFilter(const PlanOptions& options, Match match)
    : only_(without_empty(options.only)), except_(without_empty(options.except)), match_(match) {}

bool JobFilter::matches(const std::string& pattern, const std::string& name) const {
  return match_ == Match::Glob ? glob_match(pattern, name) : pattern == name;
}

bool JobFilter::wants(const std::string& name) {
  names_.push_back(name);
  const auto hits = [&](const std::string& pattern) { return matches(pattern, name); };
  if (!only_.empty()) {
    if (std::none_of(only_.begin(), only_.end(), hits)) return false;
    ++only_matches_;
  }
  if (std::any_of(except_.begin(), except_.end(), hits)) {
    ++except_matches_;
    return false;
  }
  return true;
}

bool JobFilter::skips_post_processor(const std::string& name, const std::string& type) {
  const std::string& called = name.empty() ? type : name;
  const bool skipped =
      std::any_of(except_.begin(), except_.end(),
                  [&](const std::string& pattern) { return matches(pattern, called); });
  if (skipped) ++except_matches_;
  return skipped;
}

void JobFilter::report_unmatched(Diagnostics& diagnostics) const {
  const std::string possible =
      names_.empty() ? std::string() : "\nThese could be matched: " + listed(names_) + ".";
  if (only_matches_ < only_.size()) {
    diagnostics.warning(
        "an 'only' option was passed, but not all matches were found for the given build.",
        "Wanted: " + listed(only_) + "." + possible);
  }
  if (except_matches_ < except_.size()) {
    diagnostics.warning("an 'except' option was passed, but did not match any build.",
                        "Wanted: " + listed(except_) + "." + possible);
  }
}

}  // namespace farm::plan
