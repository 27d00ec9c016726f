// Late bodies: provisioners and post-processors that refer to build.*, shipped as text with the
// values they use, evaluated again on the agent just before they run.
#pragma once

#include <vector>

#include "common/plan/plan.h"
#include "common/template/hcl2/body.h"

namespace farm::plan {

/// Whether a generated value is among the references (build.name is known at plan).
bool needs_build_values(const std::vector<hcl2::Traversal>& references);

/// The body with just the values that its references name; `scope` is where it was planned,
/// `source_name` the source's declared name.
LateBody make_late_body(const hcl2::Body& body, const std::vector<hcl2::Traversal>& references,
                        const hcl2::Scope& scope, const std::string& build_name,
                        const std::string& source_name);

}  // namespace farm::plan
