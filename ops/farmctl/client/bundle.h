// Bundle: every file a template needs, gathered where the user stands: the template's folder minus
// .farmignore, and the files that options name outside of it. Paths inside keep the relation of
// working directory and template, symbolic links stay links, executable bits stay.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/plan/named_files.h"
#include "common/plan/plan.h"
#include "common/wire/message.h"

namespace farm::farmctl {

struct BundledFile {
  wire::BundleFile record;  // sha256 is filled in when it is uploaded
  std::string disk_path;    // absolute; empty for a link
};

struct Bundle {
  std::vector<BundledFile> files;  // sorted by path
  std::string working_directory;   // relative to the bundle's root; "." for the root itself
  std::string template_directory;  // relative to the bundle's root
};

/// `template_path` as the user typed it. Absolute and ~ paths in the plan's path options are
/// rewritten relative to the working directory, so that they mean the same on the agent.
/// NotFound names a file that an option names and that is not there.
Result<Bundle> gather_bundle(plan::Plan& plan, const std::string& template_path,
                             const std::string& working_directory, const std::string& home,
                             const plan::PathProbe& probe);

/// Lines of .farmignore: glob patterns as in .gitignore without negation; "#" starts a comment.
std::vector<std::string> parse_ignore(const std::string& text);

}  // namespace farm::farmctl
