// Glob patterns over slash paths: * ? [a-z] [^x] {a,b}, and ** for any number of folders.
// Backslash takes the next character literally. Used by fileset() and by components with patterns.
#pragma once

#include <string_view>

#include "common/base/result.h"

namespace farm::functions {

/// InvalidInput "syntax error in pattern": an open bracket or brace, a backslash at the end, or
/// braces with more than a thousand combinations.
Result<void> check_glob(std::string_view pattern);
/// Whether the whole of `path` matches. False for a pattern that check_glob() refuses. Time is
/// polynomial in the lengths.
bool glob_match(std::string_view pattern, std::string_view path);

}  // namespace farm::functions
