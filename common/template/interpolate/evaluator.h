// Runs a parsed {{ }} template. Errors are InvalidInput in the words of Go's text/template:
// `template: root:1:3: executing "root" at <upper 5>: ...`.
#pragma once

#include "common/base/result.h"
#include "common/template/interpolate/ast.h"
#include "common/template/interpolate/engine.h"

namespace farm::interpolate {

/// At most 200,000 steps, 16 MiB of text made, 50 templates inside each other.
Result<std::string> evaluate(const Tree& tree, const Context& context);

}  // namespace farm::interpolate
