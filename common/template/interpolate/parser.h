// Parser of {{ }} templates: tokens to a tree. Errors are InvalidInput in the words of Go's
// text/template: `template: root:1: function "x" not defined`.
#pragma once

#include <functional>
#include <string_view>

#include "common/base/result.h"
#include "common/template/interpolate/ast.h"

namespace farm::interpolate {

/// `is_function` tells which names may be called; others are an error of the parser, as in Go.
Result<Tree> parse(std::string_view text,
                   const std::function<bool(std::string_view)>& is_function);

}  // namespace farm::interpolate
